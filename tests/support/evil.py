"""A world in which everything that somebody else may choose is hostile to whoever shows it on a page."""

from __future__ import annotations

import json
from typing import Any

from sandbox.core import tables
from sandbox.core.mailbox import deliver
from tests.support import tours
from tests.support.lived_in import API, Lived, made
from tests.support.own_addresses import ENTRIES

# Closes what it may stand in, adds an element of its own, runs a script, and turns round what comes after it.
EVIL = "\"'></textarea></title></code><xss-mark onfocus=hit() tabindex=0 autofocus>{{7*7}}<script>hit()</script>\u202e"
LONG = EVIL + "x" * 10_000
SCRIPT_URL = "javascript:hit()"
LOGIN, CLIENT, TENANT = "evil", "evil-client", "66666666-6666-4666-8666-666666666668"
CALLBACK = "http://127.0.0.1:9999/callback"
EVIL_ENTRIES = {
    "people": {"login": LOGIN},
    "clients": {"client_id": CLIENT, "service": "oidc/main"},
    "issuers": ENTRIES["issuers"],
    "tenants": {"id": TENANT, "service": "azure"},
}
BROUGHT = {"error": EVIL, "error_description": LONG, "state": SCRIPT_URL, EVIL: EVIL}
PERSON = {
    "login": LOGIN,
    "name": (EVIL + "x" * 1_000)[:1_000],
    "purpose": EVIL,
    "emails": [{"email": "evil@example.test", "primary": True, "verified": True}],
    "oidc": {"claims": {"nickname": EVIL, "profile": SCRIPT_URL, "picture": SCRIPT_URL, "groups": [EVIL]}},
    "github": {"bio": EVIL, "company": EVIL, "blog": SCRIPT_URL},
}


def haunt(sandbox: Any) -> Lived:
    """Fill the world with hostile people, applications, logins, tours, mail and faults."""
    _settle(sandbox)
    asked = {"provider": "oidc", "identity": LOGIN, "client": CLIENT}
    odd = {"login_hint": EVIL, "ui_locales": EVIL}
    flow = made(sandbox.post(f"{API}/login", json={**asked, "state": EVIL, "nonce": EVIL, "parameters": odd}))["flow"]
    refused = {"client_id": CLIENT, "redirect_uri": CALLBACK, "response_type": EVIL, "scope": LONG, "state": LONG}
    sandbox.get("/oidc/main/authorize", query_string=refused)
    form = {"grant_type": "authorization_code", "code": LONG, "client_id": EVIL, EVIL: SCRIPT_URL}
    sandbox.post("/oidc/main/token", data=form, headers={"User-Agent": "<xss-mark>", "X-Evil": SCRIPT_URL})
    trip: tours.Trip = ("oidc", "fanfare", "external")
    tour = tours.begin(sandbox, trip, identity=LOGIN, parameters={"ui_locales": EVIL, "nonce": EVIL})
    taken = {
        "waiting": tour,
        "done": tours.finish(sandbox, tours.begin(sandbox, trip, identity=LOGIN, parameters={"state": EVIL})),
    }
    _write(sandbox)
    flows = {"succeeded": flow, "evil": taken["done"]["flow"]}
    return Lived(flows, {name: one["id"] for name, one in taken.items()}, "")


def _settle(sandbox: Any) -> None:
    made(sandbox.post(f"{API}/identities", json=PERSON))
    made(sandbox.patch(f"{API}/identities/octocat", json={"name": EVIL, "purpose": EVIL}))
    client = {"client_id": CLIENT, "name": EVIL, "secret": EVIL[:100], "redirect_uris": [CALLBACK]}
    settings = {"oidc/main": {}, "github": {"type": "oauth-app"}, "insforge-cloud": {}}
    for service, more in settings.items():
        made(sandbox.post(f"{API}/clients", json={**client, "service": service, "settings": more}))
    tenant = {"service": "azure", "id": TENANT, "name": EVIL, "domain": "evil.test"}
    made(sandbox.post(f"{API}/tenants", json=tenant))


def _write(sandbox: Any) -> None:
    """What only a service or a program would write."""
    refuse = {"reason": "CODE_EXPIRED", "detail": EVIL}
    made(sandbox.post(f"{API}/faults", json={"login": EVIL, "service": "github", "refuse": refuse}))
    sent = {"query": EVIL, "headers": [[EVIL, EVIL], ["Location", SCRIPT_URL]], "body": LONG}
    told = json.dumps({"error": EVIL, "error_description": LONG, "error_uri": SCRIPT_URL})
    with sandbox.world() as world:
        deliver(world, service=EVIL, to=EVIL, subject=EVIL, text=f"{LONG} {SCRIPT_URL} http://x/<xss-mark>")
        newest = world.store.list(tables.JournalEntry, order=("id",))[-1]
        changed = {"detail": LONG, "operation": EVIL, "client_id": EVIL, "login": EVIL, "request": sent}
        changed |= {"response": {**sent, "body": told}, "status": 400, "path": EVIL, "fault": EVIL, "reason": EVIL}
        world.store.change(tables.JournalEntry, changed, id=newest.id)
