"""Signing end users in at other providers: the way there and back, and which providers there are."""
