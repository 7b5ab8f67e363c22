"""The signing keys of each issuer: there from its first use, rotated on request, kept for verifying afterwards.

RSA keys come from the shipped pool as long as it lasts, so that a start generates none and a `kid` survives restarts.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from itertools import count

from sandbox.core import tables
from sandbox.core.clock import serial
from sandbox.core.fixtures import shipped
from sandbox.core.keys import Key, derive_pem, generate_pem, load_key
from sandbox.core.world import World

_PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----\n", re.DOTALL)


def signing_key(world: World, service: str, algorithm: str) -> Key:
    """The key with which `service` signs by `algorithm` today; made if it has none."""
    row = world.store.find(tables.SigningKey, service=service, algorithm=algorithm, retired_at=None)
    return key_of(row or _make_key(world, service, algorithm))


def name_first_key(world: World, service: str, algorithm: str, kid: str) -> None:
    """Have the first key of `service` for `algorithm` called `kid`; later ones are called by their thumbprints.

    For vendors whose key ids are words that clients know. It must come before the first use.
    """
    _make_key(world, service, algorithm, kid)


def published_keys(world: World, service: str, algorithms: tuple[str, ...]) -> list[Key]:
    """All keys that verify tokens of `service`, the signing ones first; there is one for each of `algorithms`.

    They come in the order of `algorithms`: some clients take the first key there is.
    """
    rows = _rows(world, service)
    missing = [name for name in algorithms if all(row.algorithm != name or row.retired_at for row in rows)]
    for algorithm in missing:
        _make_key(world, service, algorithm)
    rows = [row for row in (_rows(world, service) if missing else rows) if row.pem]
    return [key_of(row) for row in sorted(rows, key=lambda row: (row.retired_at is not None, _rank(row, algorithms)))]


def rotate_key(world: World, service: str, algorithm: str) -> Key:
    """Sign with a new key from now on. The old one is retired: it still verifies."""
    world.store.lock_cast()
    old = signing_key(world, service, algorithm)
    world.store.change(tables.SigningKey, {"retired_at": world.now()}, service=service, kid=old.kid)
    return key_of(_make_key(world, service, algorithm))


def drop_key(world: World, service: str, kid: str) -> bool:
    """Forget a retired key: what it signed is worth nothing any more. Tells whether there was one."""
    row = world.store.find(tables.SigningKey, service=service, kid=kid)
    if row is None or row.retired_at is None or not row.pem:
        return False
    # The row stays, so that no later key is this one again.
    return bool(world.store.change(tables.SigningKey, {"pem": ""}, service=service, kid=kid))


def list_keys(world: World) -> list[tables.SigningKey]:
    """The keys of all issuers that verify today, by issuer, the latest first."""
    return [row for row in world.store.list(tables.SigningKey, order=("service", "-serial")) if row.pem]


def _rows(world: World, service: str) -> list[tables.SigningKey]:
    return world.store.list(tables.SigningKey, order=("-serial",), service=service)


def _rank(row: tables.SigningKey, algorithms: tuple[str, ...]) -> int:
    return algorithms.index(row.algorithm) if row.algorithm in algorithms else len(algorithms)


def key_of(row: tables.SigningKey) -> Key:
    return load_key(row.pem.encode(), row.algorithm, row.kid)


def _make_key(world: World, service: str, algorithm: str, kid: str | None = None) -> tables.SigningKey:
    # Of two first requests at once one makes the key, and the other finds it.
    world.store.lock_cast()
    found = world.store.find(tables.SigningKey, service=service, algorithm=algorithm, retired_at=None)
    if found is not None:
        return found
    if algorithm in ("ES256", "EdDSA"):
        # These cost nothing, so they leave the pool to RSA; each rotation derives another one.
        before = world.store.count(tables.SigningKey, service=service, algorithm=algorithm)
        owner = f"{world.name}/{service}/{algorithm}/{before}"
        pem, slot = derive_pem(development_keys()[0], algorithm, owner), None
    else:
        pem, slot = _rsa_pem(world, service, algorithm)
    key = load_key(pem, algorithm, kid)
    world.store.add(
        tables.SigningKey,
        service=service,
        kid=key.kid,
        algorithm=algorithm,
        pem=pem.decode(),
        slot=slot,
        serial=serial(),
        retired_at=None,
    )
    row = world.store.find(tables.SigningKey, service=service, kid=key.kid)
    if row is None:
        raise LookupError(f"the key {key.kid} of {service} is gone")
    return row


def _rsa_pem(world: World, service: str, algorithm: str) -> tuple[bytes, int | None]:
    """The next development key that nobody in this world has, from a place that the name of its owner gives."""
    pool = development_keys()
    taken = {row.slot for row in world.store.list(tables.SigningKey, order=("serial",))}
    start = zlib.crc32(f"{world.name}/{service}/{algorithm}".encode())
    for step, _ in zip(count(start), pool, strict=False):
        if step % len(pool) not in taken:
            return pool[step % len(pool)], step % len(pool)
    return generate_pem(), None


@lru_cache(maxsize=1)
def development_keys() -> tuple[bytes, ...]:
    """The RSA keys that come with the sandbox (PKCS #8 PEM). Everyone has them: they protect nothing."""
    return tuple(_PEM.findall(shipped("development-keys.pem").read_bytes()))
