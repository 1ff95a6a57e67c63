"""Faults done to a real server, and what must hold afterwards. README.md says how to run them."""
