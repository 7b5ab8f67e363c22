"""`authProviders.config.yml`: the file that a gateway of one's own is given, read as it is.

What is wrong with it is told with its line and key; the gateway would drop such a provider with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.core.fixture_reader import MAX_BYTES, Finding, FixtureError, Place, Problem, Reader
from sandbox.core.fixture_rules import KINDS, show
from sandbox.core.keys import load_public_key
from sandbox.core.refusals import Issue
from sandbox.exchanges.prisme import wire
from sandbox.exchanges.prisme.contract import AUTH_PROVIDERS
from sandbox.exchanges.prisme.models import OIDC
from sandbox.protocol.redirects import is_safe

RESERVED = "prismeai"
_REQUIRED = ("client_id", "authorization_endpoint", "token_endpoint", "jwks_uri")
_ADDRESSES = _REQUIRED[1:]
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_providers(path: Path, variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The providers in the file, as the fields of `models.Provider`, by slug. Raises FixtureError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise FixtureError(Problem(str(path), 0, "", f"cannot be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        raise FixtureError(Problem(str(path), 0, "", "is not UTF-8")) from error
    except ValueError as error:  # a path with a character that none has
        raise FixtureError(Problem(repr(str(path)), 0, "", f"cannot be read: {error}")) from error
    if len(data) > MAX_BYTES:
        raise FixtureError(Problem(str(path), 0, "", f"is larger than {MAX_BYTES} bytes"))
    reader = Reader(text, str(path))
    document = reader.read()
    reader.check(document, _unset(document, variables))
    # The reader knows lines by the document's own parts, so what is filled in is a copy.
    filled = _filled(document, variables)
    reader.check(document, (_finding(issue) for issue in AUTH_PROVIDERS.issues(filled)))
    reader.check(document, _findings(filled["providers"]))
    return {slug: wire.read_provider(slug, about) for slug, about in filled["providers"].items()}


def _finding(issue: Issue) -> Finding:
    match issue.keyword:
        case "required":
            return issue.path[:-1], f'"{issue.field.rpartition(".")[2]}" is missing'
        case "type":
            kinds = issue.expected if isinstance(issue.expected, list) else [issue.expected]
            allowed = " or ".join(KINDS.get(str(kind), str(kind)) for kind in kinds)
            return issue.path, f"must be {allowed}; found {show(issue.received)}"
        case _:
            return issue.path, f"must be one of {issue.expected}; found {show(issue.received)}"


def _findings(providers: Mapping[str, Any]) -> Iterator[Finding]:
    for slug, about in providers.items():
        at: Place = ("providers", slug)
        if slug == RESERVED:
            yield at, "is reserved for local accounts, which it would lock into a second factor"
        if about["type"] != OIDC:
            continue
        yield from ((((*at, "config"), f'"{key}" is missing')) for key in _REQUIRED if key not in about["config"])
        jwks = about["config"].get("jwks_uri")
        for key in _ADDRESSES:
            value = about["config"].get(key)
            if isinstance(value, str) and not (value.startswith(("https://", "http://")) and is_safe(value)):
                yield (*at, "config", key), f"must be an http or https URL; found {show(value)}"
        for kid, pem in jwks.items() if isinstance(jwks, dict) else ():
            try:
                load_public_key(pem.encode(), "RS256", kid)
            except ValueError as error:
                yield (*at, "config", "jwks_uri", kid), f"must be an RSA public key in PEM: {error}"


def _unset(value: Any, variables: Mapping[str, str], place: Place = ()) -> Iterator[Finding]:
    """A finding for each variable that has no value."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from _unset(member, variables, (*place, key))
    elif isinstance(value, str):
        missing = [name for name in _VARIABLE.findall(value) if name not in variables]
        yield from ((place, f"${{{name}}} has no value in prisme.variables") for name in missing)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(member, variables) for key, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, variables) for member in value]
    return _VARIABLE.sub(lambda match: variables[match[1]], value) if isinstance(value, str) else value
