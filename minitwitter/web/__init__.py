"""The web client: server-rendered pages on the same actions, queries and hydration as the API."""
