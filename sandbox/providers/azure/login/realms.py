"""User realms: whether people of a domain sign in here or at an identity provider of their own."""

from __future__ import annotations

from sandbox.core.world import World
from sandbox.providers.azure.directory import find_tenant


def describe_realm(world: World, name: str) -> dict[str, object]:
    """The realm of a user principal name; every tenant here is managed, and other domains are unknown."""
    domain = name.rpartition("@")[2].lower()
    if not domain or find_tenant(world, domain) is None:
        return {"ver": "1.0", "account_type": "Unknown", "domain_name": domain, **_CLOUD}
    return {"ver": "1.0", "account_type": "Managed", "domain_name": domain, **_CLOUD}


_CLOUD = {"cloud_instance_name": "microsoftonline.com", "cloud_audience_urn": "urn:federation:MicrosoftOnline"}
