"""Tweets, their attachments, likes and counters, and how they are read."""
