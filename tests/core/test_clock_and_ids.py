"""Time stands still, jumps and goes on as told; randomness repeats itself when seeded."""

from __future__ import annotations

import re
import time
import uuid

import pytest

from sandbox.core.clock import Clock
from sandbox.core.ids import ALPHANUMERIC, CROCKFORD, USER_CODE, Ids


def test_a_clock_shows_real_time_plus_its_offset():
    began = int(time.time())
    now, later = Clock().now(), Clock().advanced(3600).now()

    assert began <= now <= later - 3600 <= time.time()


def test_a_frozen_clock_stands_still_and_can_be_moved():
    frozen = Clock().at(1_000_000).frozen()

    assert frozen.now() == 1_000_000
    assert frozen.advanced(5).now() == 1_000_005
    assert frozen.at(7).now() == 7


def test_a_thawed_clock_goes_on_from_where_it_stood():
    thawed = Clock().at(1_000_000).frozen().thawed()

    assert thawed.frozen_at is None
    assert 1_000_000 <= thawed.now() <= 1_000_002


@pytest.mark.parametrize("epoch", [-1, 250_246_627_200])
def test_no_clock_shows_what_no_date_can(epoch):
    with pytest.raises(ValueError, match="no epoch second"):
        Clock().at(epoch)


def test_one_seed_has_a_stream_for_each_past():
    assert Ids(7, past=3).text(20) == Ids(7, past=3).text(20) != Ids(7).text(20)


def test_the_same_seed_gives_the_same_ids():
    first, second, other = Ids(7), Ids(7), Ids(8)

    assert [first.text(20), first.hex(20), first.uuid()] == [second.text(20), second.hex(20), second.uuid()]
    assert Ids(7).text(20) != other.text(20)


def test_without_seed_no_two_are_alike():
    assert len({Ids().text(20) for _ in range(100)}) == 100


def test_ids_use_the_alphabet_they_are_given():
    ids = Ids()

    assert set(ids.text(500)) <= set(ALPHANUMERIC)
    assert set(ids.text(500, USER_CODE)) == set(USER_CODE)
    assert re.fullmatch(r"\d{6}", ids.digits(6))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", ids.uuid())


def test_ids_that_begin_with_their_time():
    ids = Ids(seed=1)
    made = uuid.UUID(ids.uuid7(1_800_000_000))
    ulid = ids.ulid(1_800_000_000)

    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, 1_800_000_000_000)
    assert (ulid[:10], len(ulid), set(ulid) <= set(CROCKFORD)) == ("01MCC5RM00", 26, True)
    assert ids.ulid(1_800_000_001)[:10] > ulid[:10]
    assert Ids(seed=1).uuid7(1_800_000_000) == str(made)
    assert ids.uuid7(1_800_000_000) != str(made)
