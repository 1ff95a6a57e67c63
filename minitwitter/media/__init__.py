"""Image files: sniff, cap, re-encode, thumbnail, store, serve. Knows nothing of tweets or accounts."""
