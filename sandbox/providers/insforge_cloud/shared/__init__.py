"""Shared keys: signing in at other providers through the applications that the cloud lends to its projects."""
