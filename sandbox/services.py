"""Every room, by name: the only file that knows them all."""

from __future__ import annotations

from sandbox.exchanges import fanfare, gmi, insforge, jitsudo, prisme
from sandbox.providers import azure, github, insforge_cloud, oidc
from sandbox.service import Service, check_faults

PROVIDERS: tuple[Service, ...] = (github.service, azure.service, insforge_cloud.service, oidc.service)
EXCHANGES: tuple[Service, ...] = (gmi.service, insforge.service, fanfare.service, jitsudo.service, prisme.service)

SERVICES: dict[str, Service] = {service.slug: service for service in PROVIDERS + EXCHANGES}
CHECKS = (*(service.check_fixture for service in SERVICES.values()), check_faults(SERVICES.values()))
