"""Whether a client went on with what was handed to it wrong on purpose: forged tokens, callbacks of a liar.

Judges by what the client did next in the same login; what it thought of the token, nobody sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sandbox.core.findings import AUTHORIZATION_CODE, ERROR, NOTE, WARNING, Finding, Login, is_front_channel

_CORE = "OpenID Connect Core 1.0 section"
_ID_TOKEN = f"{_CORE} 3.1.3.7"
# A client that has the id_token from the token endpoint may rely on TLS in place of these (OIDC Core 3.1.3.7, 6).
_SIGNATURE = frozenset(
    {
        "bad-signature",
        "no-signature",
        "wrong-key",
        "unknown-kid",
        "embedded-jwk",
        "unknown-crit",
        "jwks-empty",
        "jwks-lacks-key",
        "jwks-malformed",
        "unagreed-alg",
    }
)
# What no client may overlook, however it came by the token, and where that is written.
_ALWAYS = {
    **dict.fromkeys(("alg-none", "hs256-public-key"), f"{_ID_TOKEN}, RFC 8725 section 3.1"),
    "truncated": "RFC 7515 section 5.2",
    **dict.fromkeys(("wrong-iss", "no-iss", "wrong-aud", "no-aud", "expired"), _ID_TOKEN),
    **dict.fromkeys(("no-exp", "no-iat", "no-sub", "empty-sub"), f"{_CORE} 2"),
    "text-exp": f"{_CORE} 2, RFC 7519 section 4.1.4",
    "not-yet-valid": "RFC 7519 section 4.1.5",
    **dict.fromkeys(("userinfo-wrong-sub", "userinfo-no-sub"), f"{_CORE} 5.3.2"),
}
_WITH_NONCE = frozenset({"wrong-nonce", "no-nonce"})
_CALLBACK_STATE = frozenset({"callback-wrong-state", "callback-no-state"})
# To find out, the client must go on first.
_UNJUDGED = frozenset({"wrong-sub"})


def check_bad_tokens(login: Login) -> Iterator[Finding]:
    """One finding for each way of being wrong that this login met: accepted, or refused as it should be."""
    told: dict[str, Finding] = {}
    for position, entry in enumerate(login.entries):
        for name in _wrong(entry):
            if name in _UNJUDGED:
                continue
            finding = _judge(login, name, entry, login.entries[position + 1 :])
            if name not in told or finding.code == "bad-token-accepted":
                told[name] = finding
    yield from told.values()


def _wrong(entry: Any) -> list[str]:
    """What is wrong on purpose about the answer to this request, as far as a client must notice it."""
    forged: dict[str, str | None] = entry.facts.get("forged", {})
    if forged:
        # What an access token says is for the API to judge.
        tamper = forged.get("id_token")
        return [tamper] if tamper else []
    return [entry.fault[1:]] if entry.fault and entry.fault.startswith("~") else []


def _judge(login: Login, name: str, entry: Any, later: Sequence[Any]) -> Finding:
    severity, spec = _weight(login, name, entry)
    for step in later:
        if what := _goes_on(login, entry, step):
            text = f"the client was handed something wrong on purpose ({name}) and went on: {what}"
            return login.finding("bad-token-accepted", severity, step, text, spec)
    text = f"passed: the client was handed something wrong on purpose ({name}) and did not go on with it"
    return login.finding("bad-token-refused", NOTE, entry, text, spec)


def _weight(login: Login, name: str, entry: Any) -> tuple[str, str]:
    if name in _ALWAYS:
        return ERROR, _ALWAYS[name]
    if name in _SIGNATURE:
        return ERROR if is_front_channel(entry) else WARNING, _ID_TOKEN
    if name in _WITH_NONCE:
        return ERROR if login.asked.get("nonce") else NOTE, _ID_TOKEN
    if name in _CALLBACK_STATE:
        return ERROR if login.asked.get("state") else NOTE, "RFC 6749 section 10.12"
    return WARNING, "RFC 9207 section 2.4" if name.startswith("callback-") else _ID_TOKEN


def _goes_on(login: Login, entry: Any, step: Any) -> str | None:
    facts = step.facts
    if step.service != login.service:
        return f"{step.service} took it" if step.reason is None and facts.get("issued") else None
    if facts.get("code") == AUTHORIZATION_CODE and facts != entry.facts and "code" not in entry.facts:
        return "it redeemed the code"
    if facts.get("bearer"):
        return "it used the access token"
    return "it used the refresh token" if facts.get("refresh") else None
