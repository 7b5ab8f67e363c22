"""What an issuer says of itself, and what clients say of themselves: discovery, keys, webfinger, registration."""
