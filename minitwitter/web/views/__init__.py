"""The views: each parses, makes one domain call, and answers with a page."""
