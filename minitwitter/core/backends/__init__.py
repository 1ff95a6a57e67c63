"""Django's database backends with what a request need not pay for each time."""
