"""Users, profiles, credentials and sessions."""
