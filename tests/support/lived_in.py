"""Makes a sandbox look as it does after some use: logins, a refused one, a device, tours, mail, faults, another time.

Everything is done as a user would do it, but for the mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.core.mailbox import deliver
from tests.support import tours
from tests.support.forms import submit

API = "/_sandbox/api"
FANFARE: tours.Trip = ("oidc", "fanfare", "external")
GMI: tours.Trip = ("github", "gmi", "code")
OIDC: tours.Trip = ("oidc", None, None)
MAIL = "Your code is 482913. It is good for ten minutes.\n\nhttp://localhost:9400/fanfare/verify?code=482913\n"


@dataclass(frozen=True)
class Lived:
    """What is there to look at: ids of flows and tours by what became of them, and a code that waits for a device."""

    flows: dict[str, str]
    tours: dict[str, str]
    user_code: str


def live_in(sandbox: Any) -> Lived:
    """Sign people in, have some refused, and leave traces everywhere."""
    flows = {"succeeded": log_in(sandbox, "oidc", "alice", exchange="fanfare", until="session")}
    log_in(sandbox, "azure", "admin", exchange="insforge", until="session")
    log_in(sandbox, "github", "octocat")
    flows["refused"] = _refuse(sandbox)
    _connect_device(sandbox)
    waiting = _ask_for_device(sandbox)
    taken = {
        "waiting": tours.begin(sandbox, GMI),
        "at-the-code": tours.go_to(sandbox, OIDC, 1),
        "refused": _break(sandbox),
        "done": tours.finish(sandbox, tours.begin(sandbox, FANFARE)),
    }
    with sandbox.world() as world:
        deliver(world, service="fanfare", to="alice@contoso.test", subject="Your code for Fanfare", text=MAIL)
        deliver(world, service="insforge", to="+12125550100", subject="", text="482913 is your code")
    _change(sandbox)
    return Lived(flows, {name: tour["id"] for name, tour in taken.items()}, waiting["user_code"])


def log_in(sandbox: Any, provider: str, login: str, **more: str) -> str:
    """A login by the control API; returns its flow."""
    return str(made(sandbox.post(f"{API}/login", json={"provider": provider, "identity": login, **more}))["flow"])


def made(answer: Any) -> Any:
    """What a call that works answers, as JSON."""
    assert answer.status_code < 300, answer.text
    return answer.json


def _refuse(sandbox: Any) -> str:
    made(sandbox.post(f"{API}/faults", json={"service": "gmi", "refuse": {"reason": "CODE_EXPIRED"}}))
    login = {"provider": "github", "identity": "octocat", "exchange": "gmi"}
    assert sandbox.post(f"{API}/login", json=login).status_code == 409
    return str(sandbox.get(f"{API}/flows?outcome=refused").json["flows"][0]["id"])


def _break(sandbox: Any) -> Any:
    tour = tours.go_to(sandbox, OIDC, 1)
    return tours.go_on(sandbox, tour, **{"break": "client-secret-wrong"})


def _ask_for_device(sandbox: Any) -> Any:
    asked = {"client_id": "Iv1.sandboxclient", "scope": "gist"}
    return sandbox.post("/login/device/code", json=asked, headers={"Accept": "application/json"}).json


def _connect_device(sandbox: Any) -> None:
    code = _ask_for_device(sandbox)["user_code"]
    page = submit(sandbox, sandbox.get("/login/device"), "continue", user_code=code)
    for button in ("as-octocat", "allow"):
        page = submit(sandbox, page, button)
    assert page.status_code == 200, page.text


def _change(sandbox: Any) -> None:
    made(sandbox.post(f"{API}/worlds", json={"name": "ci-17"}))
    made(sandbox.post(f"{API}/faults", json={"recipe": "github: bad-verification-code", "times": 1}))
    made(sandbox.post(f"{API}/faults", json={"service": "azure", "operation": "token", "delay": {"seconds": 2}}))
    made(sandbox.post(f"{API}/keys/rotate", json={"service": "oidc/main", "algorithm": "RS256"}))
    made(sandbox.post(f"{API}/clock/advance", json={"minutes": 11}))
