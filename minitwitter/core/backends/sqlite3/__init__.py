"""SQLite, as the product uses it."""
