"""Worlds from Python: made, found again, kept apart and deleted."""

from __future__ import annotations

import pytest

from sandbox import SandboxClient, SandboxError


def test_a_world_is_made_once_and_found_again(idp):
    name = f"{idp.url.rpartition('/')[2][:40]}-other"
    first = idp.world(name)
    first.clock.freeze("2030-01-01T00:00:00Z")
    again = idp.world(name)

    assert again.url == first.url != idp.url
    assert again.clock.now() == first.clock.now()
    assert name in [world.name for world in idp.worlds.list()]
    assert idp.worlds.get(name).frozen
    idp.worlds.delete(name)
    with pytest.raises(SandboxError, match="404 OBJECT_UNKNOWN"):
        idp.worlds.get(name)


def test_a_world_begins_with_the_fixture_that_it_is_given(idp):
    name = f"{idp.url.rpartition('/')[2][:40]}-cast"
    cast = {"version": 1, "identities": [{"login": "somebody"}]}
    world = idp.world(name, cast)

    assert [one["login"] for one in world.identities.list()] == ["somebody"]
    with pytest.raises(SandboxError, match="409 OBJECT_ALREADY_EXISTS"):
        idp.world(name, cast)
    world.identities.remove("somebody")
    world.reset()
    assert world.identities.get("somebody")
    idp.worlds.delete(name)


def test_a_world_is_a_copy_of_another_or_of_a_snapshot(idp):
    name = idp.url.rpartition("/")[2]
    idp.identities.add({"login": "zoe"})

    copy = idp.worlds.create(f"{name[:40]}-copy", copy_of=name)
    taken = idp.worlds.create(f"{name[:40]}-taken", snapshot=idp.snapshot(), clock="now")

    for world in (copy, taken):
        assert SandboxClient(world.url).identities.get("zoe")
        idp.worlds.delete(world.name)


def test_a_fixture_that_is_none_is_refused_with_the_place(idp):
    with pytest.raises(SandboxError, match="colour") as refused:
        idp.worlds.create("broken", fixture={"version": 1, "identities": [{"login": "a", "colour": "red"}]})

    assert refused.value.status == 400


def test_the_default_world_is_not_deleted(idp):
    with pytest.raises(SandboxError, match="default world is always there"):
        idp.worlds.delete("default")


def test_worlds_are_reached_by_url_and_by_name(idp, idp_server):
    name = idp.url.rpartition("/")[2]
    idp.clock.freeze("2030-01-01T00:00:00Z")

    assert SandboxClient(f"{idp.url}/").clock.read() == SandboxClient(idp_server.url, world=name).clock.read()


def test_what_is_no_sandbox_is_said_to_be_none():
    with (
        SandboxClient("http://127.0.0.1:9") as nobody,
        pytest.raises(SandboxError, match="no sandbox answers") as error,
    ):
        nobody.clock.now()

    assert error.value.status == 0


def test_a_token_is_sent_along(idp):
    assert SandboxClient(idp.url, "a-token-that-nobody-asked-for").clock.now()
