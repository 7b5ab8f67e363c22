"""The cloud as an OAuth 2.0 server: for third parties, and for its own command line."""
