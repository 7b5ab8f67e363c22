"""Prisme.ai's shapes: bodies, claims and dates; the only place with camelCase.

Takes and gives plain values; cookies are in cookies.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, jsonify

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.prisme.bodies import read_body
from sandbox.exchanges.prisme.contract import ACCESS_TOKEN, ACTIVE_ORG, ANONYMOUS, TOKEN_EXCHANGE
from sandbox.exchanges.prisme.limits import Allowance
from sandbox.exchanges.prisme.models import Exchange, Profile, Provider, Session, User
from sandbox.exchanges.prisme.orgs import Place
from sandbox.exchanges.prisme.refusals import invalid

Json = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAST = "Invalid expiresAt : must be a valid ISO8601 string after current date"
_SCOPES = ("openid", "offline_access", "profile", "email", "settings")


def parse_exchange() -> Exchange:
    """The body of a token exchange. Raises Refusal: the reasons of `read_body`."""
    body = read_body(TOKEN_EXCHANGE)
    return Exchange(
        body["provider"],
        body["subject_token"],
        body.get("subject_token_type"),
        body.get("grant_type"),
        body.get("expiresAfter"),
    )


def parse_anonymous() -> tuple[float | None, str | None]:
    """How long an anonymous session is to last, and in which organization. Raises Refusal: as `read_body`."""
    body = read_body(ANONYMOUS)
    return body.get("expiresAfter"), body.get("orgSlug")


def parse_active_org() -> str:
    """The organization to act in. Raises Refusal: as `read_body`."""
    return str(read_body(ACTIVE_ORG)["orgSlug"])


def parse_access_token(now: int) -> tuple[str, int, str]:
    """The name of an access token, its end in epoch seconds and as it was written.

    Raises Refusal: as `read_body`, FIELD_INVALID for a moment that is past, or none.
    """
    body = read_body(ACCESS_TOKEN)
    written = body["expiresAt"]
    try:
        moment = datetime.fromisoformat(written)
        expires_at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise invalid(_PAST, "expiresAt") from error
    if expires_at <= now:
        raise invalid(_PAST, "expiresAt")
    return body["name"], expires_at, written


def parse_page(text: str | None, usual: int) -> int:
    """A number of a query string, or what is usual where it is none."""
    number = text or ""
    return int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 10 else usual


def read_session_claims(claims: Mapping[str, Any]) -> tuple[str, str]:
    """The ids of the session and of its user. Raises Refusal: TOKEN_MALFORMED."""
    session_id, user_id = claims.get("prismeaiSessionId"), claims.get("sub")
    if not isinstance(session_id, str) or not isinstance(user_id, str):
        raise Refusal(Reason.TOKEN_MALFORMED, "the token holds no session of Prisme.ai", "prismeaiSessionId")
    return session_id, user_id


def read_profile(claims: Mapping[str, Any], subject: str, mapping: Mapping[str, str] | None) -> Profile:
    """What an id_token tells of a person; `mapping` is the provider's `attributesMapping` (`{field: path in dots}`)."""
    named = {"email": "email", "firstName": "given_name", "lastName": "family_name", "language": "locale"}
    data = {**claims, **{name: claims[claim] for name, claim in named.items() if claim in claims}}
    mapped = {name: _text_at(data, (mapping or {}).get(name, name)) for name in named}
    return Profile(
        subject=subject,
        email=mapped["email"],
        first_name=mapped["firstName"],
        last_name=mapped["lastName"],
        language=mapped["language"],
        auth_data={**data, **{name: value for name, value in mapped.items() if value is not None}, "id": subject},
    )


def render(body: object, status: int = 200) -> Response:
    """A JSON answer, in the vendor's media type."""
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/json; charset=utf-8"
    return response


def render_login(user: User, session: Session) -> Json:
    """A user with the session that has just begun."""
    return {**render_user(user), "token": session.token, "sessionId": session.id, **_expires(session)}


def render_user(user: User) -> Json:
    """A user; what is not there is left out."""
    members = {
        "email": user.email,
        "status": user.status,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "id": user.id,
        "authData": dict(user.auth_data),
        "language": user.language,
        "platformRole": user.platform_role,
    }
    return {name: value for name, value in members.items() if value is not None}


def render_me(user: User, session: Session, active: Place | None, places: Iterable[Place]) -> Json:
    """A user with the session that calls, and the organizations."""
    return {
        **render_user(user),
        "sessionId": session.id,
        **_expires(session),
        **render_active_org(active),
        "organizations": [
            {"slug": place.org.slug, "name": place.org.name, "roleSlug": place.role, "groups": []} for place in places
        ],
    }


def render_active_org(place: Place | None) -> Json:
    """The organization that a session acts in, and what it may do there."""
    if place is None:
        return {"org": None, "permissions": []}
    role = {"slug": place.role, "name": place.role_name, "permissions": list(place.permissions), "scopes": []}
    return {
        "org": {
            "slug": place.org.slug,
            "name": place.org.name,
            "status": place.org.status,
            "branding": {},
            "navigation": {},
            "role": role,
            "groups": [],
            "settings": {},
            "subscription": None,
        },
        "permissions": list(place.permissions),
    }


def render_anonymous(user: User, session: Session) -> Json:
    """An anonymous user, in the vendor's order."""
    return {
        "firstName": user.first_name,
        "authData": dict(user.auth_data),
        "id": user.id,
        "token": session.token,
        "sessionId": session.id,
        **_expires(session),
    }


def local_data(user_id: str, email: str) -> Json:
    """What is kept of a local account."""
    return {"prismeai": {"id": user_id, "email": email}}


def read_provider(slug: str, about: Mapping[str, Any]) -> Json:
    """A provider of `authProviders.config.yml` as the fields of `models.Provider`."""
    config = about["config"]
    scopes = config.get("scopes", "openid email")
    return {
        "slug": slug,
        "type": about["type"],
        "client_id": config.get("client_id", ""),
        "client_secret": config.get("client_secret"),
        "issuer": config.get("issuer"),
        "authorization_endpoint": config.get("authorization_endpoint"),
        "token_endpoint": config.get("token_endpoint"),
        "jwks": config.get("jwks_uri"),
        "scopes": scopes if isinstance(scopes, str) else " ".join(scopes),
        "allow_token_exchange": config.get("allowTokenExchange", False),
        "state": config.get("state", True),
        "pkce": config.get("pkce", False),
        "enabled": about.get("enabled", True),
        "name": about.get("name"),
        "icon": about.get("icon"),
        "meta": about.get("meta"),
        "domains": [domain.lower() for domain in about.get("domains", ())],
        "org": about.get("orgSlug"),
        "attributes": about.get("attributesMapping"),
    }


def anonymous_data(expires_ms: int) -> Json:
    """What is kept of somebody whom no provider knows."""
    return {"anonymous": {"expiresAt": iso(expires_ms)}}


def render_local() -> Json:
    """No provider is for this domain: sign in with a password."""
    return {"provider": "local"}


def render_keys(jwks: Iterable[Mapping[str, Any]]) -> Json:
    """A key set (RFC 7517)."""
    return {"keys": [dict(jwk) for jwk in jwks]}


def render_providers(providers: Iterable[Provider], api_url: str, provider_url: str, console_url: str) -> Json:
    """What a login screen and the desktop client need to know."""
    return {
        "localSignin": False,
        "localSignup": False,
        "providers": [_provider(provider) for provider in providers],
        "oidc": {
            "apiUrl": api_url,
            "providerUrl": provider_url,
            "consoleUrl": console_url,
            "externalClientIds": [],
            "scopes": list(_SCOPES),
        },
    }


def render_items(page: int, limit: int) -> Json:
    """A page of a list that holds nothing."""
    return {"items": [], "total": 0, "page": page, "limit": limit}


def render_new_access_token(name: str, shown: str, user_id: str, value: str, token_id: str) -> Json:
    """An access token, with its value this once."""
    return {"name": name, "expiresAt": shown, "userId": user_id, "token": value, "_id": token_id}


def render_access_tokens(user_id: str, listed: Iterable[Mapping[str, Any]]) -> list[Json]:
    """A user's access tokens without their values."""
    return [{"name": one["name"], "expiresAt": one["expires_at"], "userId": user_id, "id": one["id"]} for one in listed]


def tell_allowance(response: Response, allowance: Allowance | None, shipped: bool) -> Response:
    """What the open-source gateway tells of the rate limit with each success; the documented one tells nothing."""
    if allowance is not None and shipped:
        reset = _EPOCH + timedelta(seconds=allowance.reset_at)
        response.headers["Retry-After"] = str(float(allowance.seconds))
        response.headers["X-RateLimit-Limit"] = str(allowance.most)
        response.headers["X-RateLimit-Remaining"] = str(allowance.remaining)
        response.headers["X-RateLimit-Reset"] = reset.strftime(
            "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"
        )
    return response


def iso(milliseconds: int) -> str:
    """A moment as JavaScript writes it: `2025-07-01T10:13:21.719Z`."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment.year:04d}{moment.strftime('-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"


def _text_at(data: Mapping[str, Any], path: str) -> str | None:
    """The text at a path in dots, or None; a claim whose own name has dots is found as well."""
    value: Any = data.get(path)
    if value is None:
        value = data
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) and value else None


def _expires(session: Session) -> Json:
    return {} if session.expires_ms is None else {"expires": iso(session.expires_ms)}


def _provider(provider: Provider) -> Json:
    more = {"name": provider.name, "icon": provider.icon, "meta": provider.meta}
    return {
        "slug": provider.slug,
        "type": provider.type,
        **{name: value for name, value in more.items() if value is not None},
    }
