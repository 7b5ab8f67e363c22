"""Where host names lead: those below localhost must lead here, the vendors' own may."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterable, Iterator

from sandbox.config import Config
from sandbox.doctor.findings import Finding
from sandbox.services import SERVICES

_PATIENCE = 3.0  # seconds, for all names together
_HTTPS = 443


def examine(config: Config) -> Iterator[Finding]:
    """localhost, the name of each service below it, and the vendors' host names."""
    own = ["localhost", *(f"{slug}.localhost" for slug in SERVICES)]
    vendors = sorted({host for service in SERVICES.values() for host in service.hosts})
    found = _resolve([*own, *vendors])
    yield _own({name: found[name] for name in own})
    yield _vendors(
        config, [name for name in vendors if found[name]], [name for name in vendors if found[name] is False]
    )


def _own(found: dict[str, bool | None]) -> Finding:
    astray = [name for name, here in found.items() if here is False]
    lost = [name for name, here in found.items() if here is None]
    remedy = f"echo '127.0.0.1 {' '.join(astray or lost)}' | sudo tee -a /etc/hosts"
    if astray:
        return Finding("localhost", "FAIL", f"{', '.join(astray)} lead elsewhere than to this machine", remedy)
    if lost:
        found_not = (
            f"{', '.join(lost)}: not found; browsers and curl know such names by themselves, other programs do not"
        )
        return Finding("localhost", "WARN", found_not, remedy)
    return Finding("localhost", "OK", f"{', '.join(found)} lead to this machine")


def _vendors(config: Config, here: list[str], away: list[str]) -> Finding:
    if not here:
        return Finding("vendor names", "OK", "none leads here, so a client must be pointed at the sandbox by its URL")
    found = f"{', '.join(here)} lead here"
    if rooms := [
        room.title for room in SERVICES.values() if set(room.hosts) & set(here) and set(room.hosts) & set(away)
    ]:
        others = [host for room in SERVICES.values() if room.title in rooms for host in room.hosts if host in away]
        remedy = f"echo '127.0.0.1 {' '.join(others)}' | sudo tee -a /etc/hosts"
        return Finding("vendor names", "WARN", f"{found}, but {', '.join(others)} to the real one", remedy)
    if not config.tls or config.tls_port != _HTTPS:
        remedy = f"sudo idp-sandbox serve --tls --tls-port {_HTTPS}"
        return Finding("vendor names", "WARN", f"{found}, where clients will look for port {_HTTPS}", remedy)
    return Finding("vendor names", "OK", found)


def _resolve(names: Iterable[str]) -> dict[str, bool | None]:
    """Whether each name leads to this machine; None if it is not found in time."""
    found: dict[str, bool | None] = dict.fromkeys(names)

    def look_up(name: str) -> None:
        try:
            addresses = {str(info[4][0]).partition("%")[0] for info in socket.getaddrinfo(name, None)}
            found[name] = all(ipaddress.ip_address(address).is_loopback for address in addresses)
        except (OSError, ValueError):
            return

    # A resolver without a network may take its time, and cannot be interrupted: whoever is late is left behind.
    threads = [threading.Thread(target=look_up, args=(name,), daemon=True) for name in list(found)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + _PATIENCE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(found)
