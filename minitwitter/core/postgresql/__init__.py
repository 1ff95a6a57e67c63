"""PostgreSQL, as the product uses it."""
