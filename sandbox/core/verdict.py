"""The verdict on each client: its logins held against the standards, one by one and among each other.

Reads the journal and changes nothing; what a single login shows is findings.py's and bad_tokens.py's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from sandbox.core.bad_tokens import check_bad_tokens
from sandbox.core.findings import CHECKS, ERROR, Finding, Login
from sandbox.core.flows import requests_of
from sandbox.core.store import Store

# Every kind of finding, and the question that it answers.
KINDS = {
    "state-missing": "Authorization requests are bound to the browser",
    "state-reused": "Each state is used for one login",
    "pkce-missing": "Codes are bound by PKCE",
    "pkce-plain": "PKCE uses S256",
    "challenge-reused": "Each code_verifier is used for one login",
    "nonce-missing": "id_tokens are bound by a nonce",
    "nonce-reused": "Each nonce is used for one login",
    "implicit-grant": "No access token comes by redirect",
    "redirect-uri-insecure": "Callbacks are encrypted",
    "redirect-uri-differs": "The redirect_uri is the same at both endpoints",
    "code-replayed": "Each code is redeemed once",
    "verifier-wrong": "The code_verifier fits its challenge",
    "secret-in-url": "No client secret is in a URL",
    "token-in-url": "No token is in a URL",
    "password-grant": "No password goes through the client",
    "refresh-token-replayed": "Each refresh token is used once, where they rotate",
    "polling-too-fast": "Devices poll no faster than they may",
    "bad-token-accepted": "What is wrong on purpose is refused",
    "bad-token-refused": "What is wrong on purpose was noticed",
}
_ONCE = (
    ("state", "state-reused", "RFC 9700 section 2.1, RFC 6749 section 10.12"),
    ("nonce", "nonce-reused", "OpenID Connect Core 1.0 section 15.5.2"),
    ("code_challenge", "challenge-reused", "RFC 9700 section 2.1.1, RFC 7636 section 4.1"),
)
_COMPARED = 50
IsOwn = Callable[[str], bool]


@dataclass(frozen=True)
class Verdict:
    """What is known of one client of one service: how many logins, and what they showed."""

    client_id: str
    service: str
    flows: int
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is an error."""
        return all(finding.severity != ERROR for finding in self.findings)


def judge(store: Store, is_own: IsOwn, *, client_id: str | None = None) -> list[Verdict]:
    """The verdict on every client that the journal knows, or on the one called `client_id`.

    `is_own` tells whether a redirect URI is this sandbox's own, so that no client of anybody's is behind it.
    """
    where: dict[str, Any] = {} if client_id is None else {"client_id": client_id}
    flows = requests_of(store, store.latest(tables.JournalEntry, "flow", **where))
    by_client: dict[tuple[str, str], list[Login]] = defaultdict(list)
    for name, entries in reversed(flows.items()):
        login = read_login(name, entries, is_own)
        if login is not None and not login.is_own and client_id in (None, login.client_id):
            by_client[login.service, login.client_id].append(login)
    return [
        Verdict(client, service, len(logins), tuple(_findings(logins)))
        for (service, client), logins in sorted(by_client.items())
    ]


def judge_flow(store: Store, is_own: IsOwn, flow: str) -> list[Finding]:
    """What one flow shows, also held against the client's latest logins; empty if nobody is judged by it."""
    login = read_login(flow, requests_of(store, [flow])[flow], is_own)
    if login is None or login.is_own:
        return []
    latest = store.latest(tables.JournalEntry, "flow", limit=_COMPARED, client_id=login.client_id)
    others = requests_of(store, [name for name in reversed(latest) if name != flow])
    logins = [read_login(name, entries, is_own) for name, entries in others.items()]
    same = [one for one in logins if one and one.service == login.service and one.client_id == login.client_id]
    # Of two that share a value, the later one is at fault.
    same = sorted([*same, login], key=lambda one: int(one.entries[0].id))
    return [finding for finding in _findings(same) if finding.flow == flow]


def read_login(flow: str, entries: Sequence[Any], is_own: IsOwn) -> Login | None:
    """The flow as a login of a client; None if no client of a provider has a part in it."""
    first = next((entry for entry in entries if _is_clients(entry) and entry.client_id), None)
    if first is None:
        return None
    address = first.facts.get("authorize", {}).get("redirect_uri")
    return Login(flow, first.service, first.client_id, entries, bool(address) and is_own(address))


def _is_clients(entry: Any) -> bool:
    facts = entry.facts
    return "authorize" in facts or "grant_type" in facts or facts.get("device") == "begin"


def _findings(logins: Sequence[Login]) -> Iterator[Finding]:
    reused = _reused(logins)
    for login in logins:
        for check in (*CHECKS, check_bad_tokens):
            yield from check(login)
        yield from reused.get(login.flow, ())


def _reused(logins: Sequence[Login]) -> dict[str, list[Finding]]:
    """What was used for an earlier login already, by the flow that used it again."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for name, code, spec in _ONCE:
        seen: dict[str, str] = {}
        for login in logins:
            value = login.asked.get(name)
            if not value or not login.is_used:
                continue
            if value in seen:
                text = f"the {name} is that of the login {seen[value]}; each login needs one of its own"
                found[login.flow].append(login.finding(code, ERROR, login.request, text, spec))
            seen.setdefault(value, login.flow)
    return found
