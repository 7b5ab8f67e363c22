"""The downstream side: rooms that swap a provider's code or token for a product's own session."""
