"""Mini Twitter: a self-hosted microblog server with a clean REST API."""

__version__ = "0.1.0"
