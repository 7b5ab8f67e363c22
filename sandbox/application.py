"""The built-in application: how a careful client library (Authlib) checks what a login brings it.

Makes no request and keeps nothing; whoever plays the application fetches the keys and tells what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

# What it has agreed upon with every issuer; never what a token says of itself (RFC 8725 section 3.1).
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
# An issuer for all tenants stands for each of them; the claim `tid` says which.
_ANY_TENANT = "{tenantid}"
_LEEWAY = 0


@dataclass(frozen=True)
class Check:
    """One thing that an application looks at, why, and whether it is as it should be; `detail` says what was found."""

    name: str
    why: str
    passed: bool
    detail: str


def check_callback(parameters: Mapping[str, str], *, state: str | None, issuer: str | None) -> list[Check]:
    """What an application checks of its callback: state (RFC 6749 section 10.12), iss (RFC 9207), and the code.

    `state` is the one that was sent, None where nobody sends one; `issuer` the one that was asked, None for none.
    """
    checks = []
    if state is not None:
        checks.append(_check_state(parameters, state))
    if issuer is not None and "iss" in parameters:
        expected = issuer.replace(_ANY_TENANT, parameters["iss"].rstrip("/").rpartition("/")[2])
        checks.append(
            Check(
                "iss",
                "The answer is from the issuer that was asked, and not from another one (RFC 9207).",
                parameters["iss"] == expected,
                f"{_show(parameters['iss'])}, expected {expected}",
            )
        )
    found = "it came" if parameters.get("code") else "there is none"
    return [*checks, Check("code", "There is a code to go on with.", bool(parameters.get("code")), found)]


def check_tokens(
    tokens: Mapping[str, Any],
    jwks: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str | None,
    now: int,
) -> list[Check]:
    """What an application checks of a token response with an id_token (OIDC Core sections 3.1.3.5 and 3.1.3.7).

    `jwks` are the keys that the issuer publishes, `nonce` the one that was sent, `now` the time in epoch seconds. Ends
    at a signature that is not good: what else the token says is worth nothing then.
    """
    kind = str(tokens.get("token_type", ""))
    checks = [
        Check(
            "token_type",
            "The application knows how to use such a token.",
            kind.lower() == "bearer",
            f"{_show(kind)}, expected Bearer",
        )
    ]
    id_token = tokens.get("id_token")
    if not isinstance(id_token, str):
        return [*checks, Check("id_token", "openid was asked for, so there must be one.", False, "there is none")]
    decoded, wrong = _decode(id_token, jwks)
    checks.append(
        Check(
            "signature",
            "One of the issuer's published keys has signed it, so nobody has changed it on the way.",
            wrong is None,
            wrong or f"good, {decoded.header['alg']} by the key {decoded.header.get('kid', 'without an id')}",
        )
    )
    if wrong is not None:
        return checks
    return [
        *checks,
        *_check_claims(decoded, tokens, issuer=issuer, client_id=client_id, nonce=nonce, now=now),
    ]


def _check_state(parameters: Mapping[str, str], state: str) -> Check:
    from authlib.oauth2.rfc6749.errors import (  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import
        MismatchingStateException,
    )
    from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]  # noqa: PLC0415
        parse_authorization_code_response,
    )

    found = parameters.get("state")
    # The library looks for a code first; whether there is one, is another check.
    query = urlencode({**parameters, "code": "any"}, errors="replace")
    try:
        parse_authorization_code_response(f"?{query}", state)
        passed = bool(state)
    except MismatchingStateException:
        passed = False
    expected = f"expected {state}" if state else "and none was sent, so anybody could have begun this login"
    return Check(
        "state",
        "The answer belongs to a login that this browser has begun, and to no other (RFC 6749 section 10.12).",
        passed,
        f"{_show(found)}, {expected}",
    )


def _decode(token: str, jwks: Mapping[str, Any]) -> tuple[Any, str | None]:
    """The token with what it says; or what is wrong with its signature."""
    from joserfc import jwt  # noqa: PLC0415 - slow to import
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import KeySet  # noqa: PLC0415

    try:
        keys = KeySet.import_key_set({"keys": [key for key in jwks.get("keys", []) if isinstance(key, dict)]})
        return jwt.decode(token, keys, algorithms=_ALGORITHMS), None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        said = getattr(error, "description", "") or str(getattr(error, "error", error)).replace("_", " ")
        return None, f"it is not good: {said}"[:500]


def _check_claims(
    decoded: Any, tokens: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str | None, now: int
) -> list[Check]:
    from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwt import JWTClaimsRegistry  # noqa: PLC0415

    claims = decoded.claims
    expected = issuer.replace(_ANY_TENANT, str(claims.get("tid", "")))
    params = {"nonce": nonce, "client_id": client_id, "access_token": tokens.get("access_token")}
    token = CodeIDToken(claims, decoded.header, {}, params)

    def registry(name: str, **rule: Any) -> Any:
        rules: Any = {name: {"essential": True, **rule}}
        return lambda: JWTClaimsRegistry(now, _LEEWAY, **rules).validate({name: claims[name]} if name in claims else {})

    looks = [
        ("iss", "The issuer that was asked has made it.", registry("iss", value=expected), f"expected {expected}"),
        ("aud", "It was made for this application.", registry("aud", value=client_id), f"expected {client_id}"),
        ("azp", "It was given to this application.", token.validate_azp, f"expected {client_id}, or none"),
        ("sub", "It says who has signed in.", registry("sub"), "expected somebody"),
        ("exp", "It is still good.", registry("exp"), f"now is {now}"),
        ("iat", "It was not made in the future.", registry("iat"), f"now is {now}"),
        ("nonce", "It was made for this login, and is no old one.", token.validate_nonce, f"expected {nonce}"),
        ("at_hash", "The access token beside it is the one it was made with.", token.validate_at_hash, ""),
    ]
    checks = []
    for name, why, look, detail in looks:
        if name in ("azp", "at_hash") and name not in claims and name != "azp":
            continue
        if name == "nonce" and nonce is None:
            continue
        try:
            look()
            passed = True
        except (JoseError, ValueError, TypeError, AttributeError):
            passed = False
        found = _show(claims.get(name))
        checks.append(Check(name, why, passed, f"{found}, {detail}" if detail else found))
    return checks


def _show(value: object) -> str:
    return "there is none" if value in (None, "") else str(value)[:300]
