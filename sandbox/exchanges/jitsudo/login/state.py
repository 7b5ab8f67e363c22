"""The state of a tenant's own sign-in: it says whose it is, and only who has the secret can write it.

`base64url(JSON {tenant_id, nonce, redirect_uri, iat, exp}) "." base64url(HMAC-SHA256(secret, first part))`, without
padding. Nothing is remembered until one is used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.jitsudo.models import SLUG

STATE_TTL = 600
_TYPES = {"tenant_id": str, "nonce": str, "redirect_uri": str, "iat": int, "exp": int}


@dataclass(frozen=True)
class State:
    """What a state says; `nonce` is the sign-in's own (OIDC Core section 3.1.2.1) too."""

    tenant_id: str
    nonce: str
    redirect_uri: str
    iat: int
    exp: int


def issue_state(world: World, tenant_id: str, redirect_uri: str) -> tuple[str, State]:
    """A new state, as text and as what it says."""
    now = world.now()
    state = State(tenant_id, world.ids.hex(32), redirect_uri, now, now + STATE_TTL)
    said = _encode(json.dumps(vars(state), separators=(",", ":")).encode())
    return f"{said}.{_signature(world, said)}", state


def read_state(world: World, text: str, redirect_uri: str) -> State:
    """A state that is genuine, fresh and unused, of a sign-in that came back to `redirect_uri`.

    Raises Refusal: STATE_INVALID.
    """
    said, _, signature = text.partition(".")
    # The texts are compared: two that differ in a bit that decoding drops are two states.
    if not same_secret(_signature(world, said), signature):
        raise _refused("its signature is not ours: it was changed, or another sandbox made it")
    state = _parse(said)
    if world.now() >= state.exp:
        raise _refused(f"it expired {world.now() - state.exp} s ago")
    if world.store.find(tables.Counter, name=_name(state), window_at=0):
        raise _used()
    if state.redirect_uri != redirect_uri:
        raise _refused(f"it is for the redirect_uri {state.redirect_uri}, not for {redirect_uri}")
    return state


def use_state(world: World, state: State) -> None:
    """Spend a state: of all concurrent callers one returns, the others are refused. Raises Refusal: STATE_INVALID."""
    if world.store.count_up(tables.Counter, "used", name=_name(state), window_at=0, expires_at=state.exp) > 1:
        raise _used()


def _parse(said: str) -> State:
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _refused(f"it is genuine, but no JSON: {error}") from error
    known = claims if isinstance(claims, dict) else {}
    fields = {name: known.get(name) for name in _TYPES}
    if not all(type(fields[name]) is kind for name, kind in _TYPES.items()):
        raise _refused("it is genuine, but no state")
    return State(**fields)  # type: ignore[arg-type]  # each was looked at


def _signature(world: World, said: str) -> str:
    secret = world.settings[SLUG]["state_secret"].encode()
    return _encode(hmac.new(secret, said.encode("utf-8", "surrogatepass"), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _name(state: State) -> str:
    return f"{SLUG} state {digest(state.nonce)}"


def _used() -> Refusal:
    return _refused("it was used before; each is good for one login")


def _refused(why: str) -> Refusal:
    return Refusal(Reason.STATE_INVALID, f"the state is no good: {why}", "state")
