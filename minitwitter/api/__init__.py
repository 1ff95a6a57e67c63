"""The REST API: HTTP only. Reads the request, makes one domain call, presents the outcome."""
