"""What the built-in application makes of an answer in a tour, before it goes on with it.

The checks themselves are application.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox import application
from sandbox.application import Check
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.headless import LoginStart
from sandbox.web.steps import Step
from sandbox.web.walking import StoppedError, Walker

_REASONS = {
    "state": Reason.STATE_INVALID,
    "code": Reason.FIELD_MISSING,
    "signature": Reason.TOKEN_SIGNATURE_BAD,
    "iss": Reason.TOKEN_ISSUER_WRONG,
    "aud": Reason.TOKEN_AUDIENCE_WRONG,
    "azp": Reason.TOKEN_AUDIENCE_WRONG,
    "exp": Reason.TOKEN_EXPIRED,
    "iat": Reason.TOKEN_NOT_YET_VALID,
    "nonce": Reason.TOKEN_NONCE_WRONG,
    "id_token": Reason.TOKEN_MISSING,
    "token_type": Reason.TOKEN_TYPE_WRONG,
    "discovery": Reason.PROVIDER_FAILED,
    "keys": Reason.PROVIDER_FAILED,
}


def check_back(step: Step, parameters: Mapping[str, str]) -> list[Check]:
    """The checks of a callback of the application's own; `step` is the sign-in as it was sent."""
    start = step.start
    if step.verb != "sign_in" or start is None or start.redirect_uri is None:
        # An exchange looks at its own callbacks, and what no redirect brings has no state.
        return []
    state = parse_qs(urlsplit(start.url).query).get("state", [""])[0]
    return application.check_callback(parameters, state=state, issuer=start.issuer)


def check_tokens(world: World, walker: Walker, start: LoginStart | None, tokens: Mapping[str, Any]) -> list[Check]:
    """The checks of a token response, with the keys that its issuer publishes."""
    if start is None or start.discovery is None or start.issuer is None:
        return []
    if "openid" not in parse_qs(urlsplit(start.url).query).get("scope", [""])[0].split():
        return []
    name, why = (
        "discovery",
        "The document at the issuer's address is about that issuer (OpenID Connect Discovery section 4.3).",
    )
    try:
        document = walker.fetch(start.discovery)
        found = Check(name, why, document.get("issuer") == start.issuer, f"issuer is {document.get('issuer')}")
        if not found.passed:
            return [found]
        name, why = "keys", "The issuer's public keys are there."
        jwks = walker.fetch(str(document["jwks_uri"]))
    except StoppedError as stopped:
        return [Check(name, why, False, stopped.detail)]
    return [
        found,
        *application.check_tokens(
            tokens, jwks, issuer=start.issuer, client_id=start.client_id, nonce=start.nonce, now=world.now()
        ),
    ]


def find_refusal(checks: Sequence[Check]) -> Refusal | None:
    """Why the application does not go on, by the first check that failed; None if all are passed."""
    failed = next((check for check in checks if not check.passed), None)
    if failed is None:
        return None
    reason = _REASONS.get(failed.name, Reason.TOKEN_MALFORMED)
    return Refusal(reason, f"{failed.name}: {failed.detail}.", failed.name)
