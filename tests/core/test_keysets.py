"""Signing keys: one of each kind for every issuer, the same after a restart, rotated and retired."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox import Config, create_app
from sandbox.core import tables
from sandbox.core.keys import ASYMMETRIC, load_key, thumbprint
from sandbox.core.keysets import (
    development_keys,
    drop_key,
    name_first_key,
    published_keys,
    rotate_key,
    signing_key,
)
from tests.support.databases import on_either_database


def _rows(world) -> list[tables.SigningKey]:
    return world.store.list(tables.SigningKey, order=("serial",))


def kids(sandbox, service: str) -> list[str]:
    with sandbox.world() as world:
        return [key.kid for key in published_keys(world, service, ASYMMETRIC)]


def test_every_issuer_has_keys_of_its_own_in_the_order_asked_for(sandbox):
    with sandbox.world() as world:
        assert [key.algorithm for key in published_keys(world, "oidc/a", ASYMMETRIC)] == list(ASYMMETRIC)

    assert len({*kids(sandbox, "oidc/a"), *kids(sandbox, "oidc/b")}) == 2 * len(ASYMMETRIC)


def test_keys_are_the_same_after_a_restart(sandbox, make_sandbox):
    assert kids(sandbox, "oidc/main") == kids(make_sandbox(Config()), "oidc/main")


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_rotated_key_signs_no_more_and_is_still_published(sandbox, algorithm):
    with sandbox.world() as world:
        old = signing_key(world, "oidc/main", algorithm)
        new = rotate_key(world, "oidc/main", algorithm)
        newest = rotate_key(world, "oidc/main", algorithm)

        assert signing_key(world, "oidc/main", algorithm) == newest
        published = [key.kid for key in published_keys(world, "oidc/main", (algorithm,))]
    assert published[0] == newest.kid
    assert set(published) == {old.kid, new.kid, newest.kid}
    assert len(published) == 3


def test_a_first_key_may_have_a_name_and_later_ones_have_thumbprints(sandbox):
    with sandbox.world() as world:
        name_first_key(world, "vendor", "RS256", "vendor-key-1")
        name_first_key(world, "vendor", "RS256", "too-late")
        first = signing_key(world, "vendor", "RS256")
        second = rotate_key(world, "vendor", "RS256")

        assert (first.kid, first.jwk["kid"]) == ("vendor-key-1", "vendor-key-1")
        assert second.kid == thumbprint(second.jwk)
        assert [key.kid for key in published_keys(world, "vendor", ("RS256",))] == [second.kid, "vendor-key-1"]
        assert drop_key(world, "vendor", "vendor-key-1")


def test_only_a_retired_key_is_dropped(sandbox):
    with sandbox.world() as world:
        old = signing_key(world, "oidc/main", "RS256")
        assert not drop_key(world, "oidc/main", old.kid)
        assert not drop_key(world, "oidc/main", "nothing")
        rotate_key(world, "oidc/main", "RS256")

        assert drop_key(world, "oidc/main", old.kid)
        assert old.kid not in [key.kid for key in published_keys(world, "oidc/main", ("RS256",))]


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_dropped_key_never_comes_back(sandbox, algorithm):
    seen = []
    with sandbox.world() as world:
        for _ in range(3):
            old = signing_key(world, "oidc/main", algorithm)
            rotate_key(world, "oidc/main", algorithm)
            assert drop_key(world, "oidc/main", old.kid)
            assert not drop_key(world, "oidc/main", old.kid)
            seen.append(old.kid)
        published = [key.kid for key in published_keys(world, "oidc/main", ASYMMETRIC)]

    assert len(set(seen)) == 3
    assert set(seen).isdisjoint(published)


def test_keys_are_generated_once_the_pool_is_empty(sandbox):
    pool = {load_key(pem).kid for pem in development_keys()}
    assert len(pool) == 16
    with sandbox.world() as world:
        seeded = {thumbprint(signing_key(world, row.service, "RS256").jwk) for row in _rows(world)}
        shipped = [signing_key(world, f"oidc/{n}", "RS256").kid for n in range(len(pool) - len(seeded))]
        fresh = signing_key(world, "oidc/last", "RS256")

    assert {*shipped, *seeded} == pool
    assert fresh.kid not in pool
    assert fresh.verifying.key_size == 2048


def test_a_certificate_is_the_same_every_time(sandbox):
    with sandbox.world() as world:
        key = signing_key(world, "azure", "RS256")
    again = load_key(next(pem for pem in development_keys() if load_key(pem).kid == key.kid))

    assert key.certificate == again.certificate


@on_either_database
def test_many_first_requests_make_one_key(app):
    def first(_: int) -> str:
        with app.extensions["sandbox"].world() as world:
            return signing_key(world, "oidc/new", "RS256").kid

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(first, range(32)))) == 1


def test_two_applications_share_no_key_rows():
    one, two = create_app(), create_app()
    with one.extensions["sandbox"].world() as world:
        rotate_key(world, "oidc/main", "RS256")
    with two.extensions["sandbox"].world() as world:
        assert len(published_keys(world, "oidc/main", ("RS256",))) == 1
    for app in (one, two):
        app.extensions["sandbox"].close()
