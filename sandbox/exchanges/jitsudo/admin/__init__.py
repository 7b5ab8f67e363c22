"""What scripts and people administer: tenants, their identity providers and domains, API keys, and policies to read."""
