"""Where the own pages are, by their routes, with something in them.

Whoever adds a page adds its address here, and it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from tests.support.lived_in import Lived

OWN = "/_sandbox"
CAST = f"{OWN}/<any(people,clients,issuers,tenants):path>"
ENTRIES = {
    "people": {"login": "alice"},
    "clients": {"client_id": "oidc-client", "service": "oidc/main"},
    "issuers": {"name": "main", "service": "oidc"},
    "tenants": {"id": "7e4a47c0-0000-4000-8000-000000000001", "service": "jitsudo"},
}
BROUGHT = {"code": "0123456789abcdef0123", "state": "github", "iss": "http://localhost/login/oauth"}


def addresses(
    lived: Lived, entries: Mapping[str, Mapping[str, str]] = ENTRIES, brought: Mapping[str, str] = BROUGHT
) -> dict[str, dict[str, str]]:
    """By route: what each picture is called, and what is opened for it.

    `entries` are those of the cast that have a page, and `brought` is what came to the callback.
    """
    one = {f"cast-{kind}-one": f"{OWN}/{kind}/one?{urlencode(names)}" for kind, names in entries.items()}
    return {
        "/": {"home": "/"},
        CAST: {f"cast-{kind}": f"{OWN}/{kind}" for kind in entries}
        | {"cast-none": f"{OWN}/people?q=nobody-is-called-that"},
        f"{CAST}/one": one,
        f"{CAST}/new": {f"cast-{kind}-new": f"{OWN}/{kind}/new" for kind in entries},
        f"{CAST}/delete": {"cast-delete": one["cast-people-one"].replace("/one?", "/delete?")},
        f"{OWN}/callback": {"callback": f"{OWN}/callback?{urlencode(brought)}"},
        f"{OWN}/clock": {"clock": f"{OWN}/clock"},
        f"{OWN}/docs": {"docs": f"{OWN}/docs"},
        f"{OWN}/faults": {"faults": f"{OWN}/faults"},
        f"{OWN}/fixture": {"fixture": f"{OWN}/fixture"},
        f"{OWN}/fixture/reset": {"fixture-reset": f"{OWN}/fixture/reset"},
        f"{OWN}/flows": {"flows": f"{OWN}/flows", "flows-none": f"{OWN}/flows?login=nobody"},
        f"{OWN}/flows/<flow>": {f"flow-{name}": f"{OWN}/flows/{flow}" for name, flow in lived.flows.items()}
        | {"flow-revealed": f"{OWN}/flows/{lived.flows['succeeded']}?reveal=true"},
        f"{OWN}/keys": {"keys": f"{OWN}/keys"},
        f"{OWN}/mailbox": {"mailbox": f"{OWN}/mailbox"},
        f"{OWN}/snippets": {"snippets": f"{OWN}/snippets"},
        f"{OWN}/tokens": {"tokens": f"{OWN}/tokens"},
        f"{OWN}/try": {"try": f"{OWN}/try"},
        f"{OWN}/try/<id>": {f"tour-{name}": f"{OWN}/try/{tour}" for name, tour in lived.tours.items()},
        f"{OWN}/worlds": {"worlds": f"{OWN}/worlds"},
    }
