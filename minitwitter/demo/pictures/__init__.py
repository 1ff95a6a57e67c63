"""Pictures drawn from a random number generator: the same numbers, the same picture.

Everything is drawn at twice its size and reduced, which is what smooths the edges. Imported only where pictures are
drawn, because of Pillow.
"""
