"""One login looked at closely before any is timed: a target that answers rubbish is not measured.

An id_token must verify against the target's keys and carry what was asked; any other token must be good for something.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import jwt

from bench.connection import Answer, Connection
from bench.flows import Request, Step, new_values
from bench.generator import LoginFailedError, take_in
from bench.serving import Served
from bench.targets.base import HOST

_PATIENCE = 30


class RubbishError(Exception):
    """What is wrong with the answers of a target."""


async def verify(served: Served, steps: Sequence[Step], cookie: str = "") -> None:
    """Log in once and check what came of it. Raises RubbishError, and OSError if the server hangs up."""
    connection, host = Connection(HOST, served.port), f"{HOST}:{served.port}"
    try:
        async with asyncio.timeout(_PATIENCE):
            values = new_values(cookie, "verify")
            answers = [await _ask(connection, Request(step, host), values) for step in steps]
            documents = [json.loads(answer.body) for answer in answers if answer.body.startswith(b"{")]
            found = {name: value for document in documents for name, value in document.items()}
            if path := served.target.check(served.port):
                bearer = {"Authorization": f"Bearer {found.get('access_token') or found['accessToken']}"}
                await _ask(connection, Request(Step("GET", path, bearer, needs="alice"), host), values)
            elif served.target.discovery:
                await _verify_id_token(served, connection, host, found["id_token"], values[b"nonce"].decode())
    except (KeyError, ValueError, TimeoutError) as error:
        raise RubbishError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


async def _ask(connection: Connection, request: Request, values: dict[bytes, bytes]) -> Answer:
    answer = await connection.ask(request.render(values))
    try:
        take_in(request, answer, values)
    except LoginFailedError as error:
        raise RubbishError(str(error)) from error
    return answer


async def _verify_id_token(served: Served, connection: Connection, host: str, token: str, nonce: str) -> None:
    target = served.target
    documents: list[dict[str, Any]] = []
    for path in filter(None, (target.discovery, target.jwks)):
        answer = await _ask(connection, Request(Step("GET", path), host), {})
        documents.append(json.loads(answer.body))
    keys = jwt.PyJWKSet.from_dict(documents[1])
    try:
        # Its audience is the client, which each target calls differently; PyJWT wants to be told or to leave it.
        options: Any = {"verify_aud": False, "require": ["iss", "sub", "aud", "exp", "iat"]}
        kid = jwt.get_unverified_header(token).get("kid")
        key = keys[kid] if kid else keys.keys[0]
        claims = jwt.decode(token, key, ["RS256"], options, issuer=documents[0]["issuer"])
    except (jwt.PyJWTError, KeyError) as error:
        raise RubbishError(f"the id_token does not verify: {error}") from error
    if claims.get("nonce") != nonce:
        raise RubbishError("the id_token does not have the nonce")
