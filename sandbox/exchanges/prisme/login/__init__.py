"""The login in a browser: to the provider and back, and the sign-out."""
