"""What the requests of one login tell about the client that made them: each check, and the standard behind it.

Says nothing that the requests do not show: a client is never blamed for what it may have done elsewhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from sandbox.core.refusals import Reason

ERROR, WARNING, NOTE = "error", "warning", "note"
# Names that nobody can register (RFC 2606, RFC 6761, RFC 8375), and that tests therefore use.
_RESERVED = ("test", "localhost", "example", "invalid", "local", "internal", "lan", "intranet", "home.arpa")
_RESERVED_DOMAINS = ("example.com", "example.net", "example.org")
AUTHORIZATION_CODE = "authorization_code"


@dataclass(frozen=True)
class Finding:
    """One thing about a client's login: `entry` is the id of the request that shows it, `spec` the section at stake."""

    code: str
    severity: str
    flow: str
    entry: int
    text: str
    spec: str


@dataclass(frozen=True)
class Login:
    """A flow as its client is judged by it: the requests, oldest first, of which the first is the client's.

    `is_own` marks a login that an exchange of this sandbox makes, or the sandbox's own page: no client is judged by it.
    """

    flow: str
    service: str
    client_id: str
    entries: Sequence[Any]
    is_own: bool = False

    @cached_property
    def request(self) -> Any:
        """The entry of the authorization request, or None."""
        return next((entry for entry in self.entries if "authorize" in entry.facts), None)

    @property
    def asked(self) -> Mapping[str, Any]:
        """What the authorization request asked for; empty if there was none."""
        return self.request.facts["authorize"] if self.request else {}

    @cached_property
    def redemptions(self) -> list[Any]:
        """The entries in which the code came to the provider's own token endpoint."""
        return [entry for entry in self._with_code() if entry.service == self.service]

    @cached_property
    def is_used(self) -> bool:
        """Whether the client has taken up the answer: a page that is merely loaded twice proves nothing."""
        return any(self._with_code()) or self.has_front_channel_tokens

    @cached_property
    def has_front_channel_tokens(self) -> bool:
        """Whether tokens were given out by redirect."""
        own = (entry for entry in self.entries if entry.service == self.service and entry.reason is None)
        return any(is_front_channel(entry) for entry in own)

    def finding(self, code: str, severity: str, entry: Any, text: str, spec: str) -> Finding:
        """A finding about this login."""
        return Finding(code, severity, self.flow, entry.id, text, spec)

    def _with_code(self) -> Iterator[Any]:
        return (entry for entry in self.entries if entry.facts.get("code") == AUTHORIZATION_CODE)


Check = Callable[[Login], Iterator[Finding]]


def is_front_channel(entry: Any) -> bool:
    """Whether this request was answered with tokens by redirect."""
    facts = entry.facts
    asked_directly = facts.keys() & {"grant_type", "refresh", "device", "bearer"}
    by_redirect = not asked_directly and facts.get("code") in (None, "pushed_request")
    return by_redirect and bool({"id_token", "access_token"} & set(facts.get("issued", ())))


def check_state(login: Login) -> Iterator[Finding]:
    """Something must bind the answer to the browser that asked."""
    asked = login.asked
    if not asked or asked["state"]:
        return
    other = "PKCE" if asked["code_challenge"] else "the nonce" if asked["nonce"] else None
    text = "the authorization request has no state, and nothing else protects it from forged callbacks"
    if other:
        text = f"the authorization request has no state; only {other} protects it from forged callbacks"
    yield login.finding("state-missing", NOTE if other else ERROR, login.request, text, "RFC 9700 section 2.1")


def check_pkce(login: Login) -> Iterator[Finding]:
    """A code is bound to the client that asked for it."""
    asked = login.asked
    if not asked or "code" not in asked["response_type"].split():
        return
    if asked["code_challenge"]:
        if asked["code_challenge_method"] != "S256":
            text = "the code_challenge is the verifier itself (method plain); S256 shows it to nobody"
            yield login.finding(
                "pkce-plain", ERROR, login.request, text, "RFC 9700 section 2.1.1, RFC 7636 section 4.2"
            )
        return
    # Whoever only hands the code to an exchange cannot hand over a verifier, and no one knows yet who does neither.
    if not login.redemptions:
        return
    public = any(entry.facts.get("auth") == "none" for entry in login.redemptions)
    text = "a public client uses no PKCE" if public else "a confidential client uses no PKCE"
    text += ": whoever gets hold of the code can redeem it" if public else "; it should all the same"
    yield login.finding(
        "pkce-missing", ERROR if public else WARNING, login.request, text, "RFC 9700 section 2.1.1, RFC 7636"
    )


def check_nonce(login: Login) -> Iterator[Finding]:
    """An id_token is bound to the request."""
    asked = login.asked
    if not asked or asked["nonce"]:
        return
    if "id_token" in asked["response_type"].split():
        text = "an id_token was asked for by redirect without a nonce, so that it can be replayed"
        yield login.finding("nonce-missing", ERROR, login.request, text, "OpenID Connect Core 1.0 section 3.2.2.1")
    elif asked["openid"]:
        text = "the authorization request has no nonce; with a code that is optional"
        yield login.finding("nonce-missing", NOTE, login.request, text, "OpenID Connect Core 1.0 section 3.1.2.1")


def check_front_channel(login: Login) -> Iterator[Finding]:
    """No access token comes by redirect."""
    if login.asked and "token" in login.asked["response_type"].split():
        text = "an access token was asked for by redirect, where histories and logs keep it"
        yield login.finding("implicit-grant", WARNING, login.request, text, "RFC 9700 section 2.1.2")


def check_redirect(login: Login) -> Iterator[Finding]:
    """The answer travels encrypted, and the token endpoint hears of the same address."""
    address = login.asked.get("redirect_uri") or ""
    if is_open(address):
        text = f"the answer travels to {address} in clear"
        yield login.finding("redirect-uri-insecure", ERROR, login.request, text, "RFC 9700 section 2.6")
    for entry in login.entries:
        named = entry.facts.get("redirect_uri")
        if entry.reason == Reason.REDIRECT_URI_MISMATCH and named and login.asked and entry is not login.request:
            text = f"the code is redeemed with the redirect_uri {named}; the authorization request had {address}"
            yield login.finding("redirect-uri-differs", ERROR, entry, text, "RFC 6749 section 4.1.3")
            return


def check_code(login: Login) -> Iterator[Finding]:
    """A code is redeemed once, with its verifier."""
    seen: list[Any] = []
    for entry in login.entries:
        if entry.facts.get("code") != AUTHORIZATION_CODE:
            continue
        if entry.reason == Reason.CODE_ALREADY_REDEEMED:
            lost = any(earlier.fault for earlier in seen)
            text = "the code was redeemed twice" + (
                ", after a first answer that was spoiled on purpose" if lost else ""
            )
            yield login.finding("code-replayed", WARNING if lost else ERROR, entry, text, "RFC 6749 section 4.1.2")
            return
        seen.append(entry)


def check_verifier(login: Login) -> Iterator[Finding]:
    """The verifier is the one of the challenge."""
    for entry in login.redemptions:
        if entry.reason in (Reason.VERIFIER_MISMATCH, Reason.VERIFIER_MISSING):
            what = "does not fit" if entry.reason == Reason.VERIFIER_MISMATCH else "is missing for"
            text = f"the code_verifier {what} the code_challenge of the authorization request"
            yield login.finding("verifier-wrong", ERROR, entry, text, "RFC 7636 section 4.5")
            return


def check_addresses(login: Login) -> Iterator[Finding]:
    """Neither secrets nor tokens are in a URL."""
    told: set[str] = set()
    for entry in login.entries:
        for name in set(entry.facts.get("in_url", ())) - told:
            told.add(name)
            if name.startswith("client_"):
                text = f"the {name} is in the URL of a request"
                yield login.finding("secret-in-url", ERROR, entry, text, "RFC 6749 section 2.3.1")
            else:
                text = f"the {name} is in the URL of a request, where logs and histories keep it"
                yield login.finding("token-in-url", ERROR, entry, text, "RFC 9700 section 4.3.2")


def check_grants(login: Login) -> Iterator[Finding]:
    """Passwords are the provider's business, refresh tokens are used once, and devices wait."""
    for entry in login.entries:
        if entry.facts.get("grant_type") == "password":
            text = "the application asks people for the password they have at the provider"
            yield login.finding("password-grant", WARNING, entry, text, "RFC 9700 section 2.4")
            break
    for entry in login.entries:
        if entry.reason == Reason.REFRESH_TOKEN_ALREADY_USED:
            text = "a refresh token was used twice: the newer one was lost, or somebody has a copy"
            yield login.finding("refresh-token-replayed", WARNING, entry, text, "RFC 9700 section 4.14.2")
            break
    for entry in login.entries:
        if entry.reason == Reason.POLLING_TOO_FAST:
            text = "the device polls faster than the interval allows"
            yield login.finding("polling-too-fast", WARNING, entry, text, "RFC 8628 section 3.5")
            break


def is_open(address: str) -> bool:
    """Whether plain http leads to a host that others can reach: no private address, and no reserved name."""
    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme != "http" or not host:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    reserved = host.endswith(tuple(f".{name}" for name in (*_RESERVED, *_RESERVED_DOMAINS)))
    # A name without a dot is one of a private network, such as a container's.
    return "." in host and not reserved and host not in (*_RESERVED, *_RESERVED_DOMAINS)


CHECKS: tuple[Check, ...] = (
    check_state,
    check_pkce,
    check_nonce,
    check_front_channel,
    check_redirect,
    check_code,
    check_verifier,
    check_addresses,
    check_grants,
)
