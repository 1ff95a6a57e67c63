"""What the product is compared with: the feed as a textbook on Django REST framework writes it, and an empty view.

Both run on the product's own server settings, and the textbook on the very same database.
"""
