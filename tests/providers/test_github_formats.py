"""GitHub's token format: prefix, thirty random characters, checksum."""

from __future__ import annotations

import re

import pytest

from sandbox.core.ids import Ids
from sandbox.providers.github.formats import (
    GITHUB_APP_USER,
    INSTALLATION,
    OAUTH_APP,
    PERSONAL,
    REFRESH,
    checksum,
    has_valid_checksum,
    make_token,
)


def test_the_published_test_vector():
    assert checksum("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ") == "0mLq17"
    assert has_valid_checksum("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")


@pytest.mark.parametrize("prefix", [PERSONAL, OAUTH_APP, GITHUB_APP_USER, INSTALLATION, REFRESH])
def test_a_token_has_its_prefix_and_a_valid_checksum(prefix):
    token = make_token(Ids(1), prefix)

    assert re.fullmatch(rf"{prefix}[A-Za-z0-9]{{36}}", token)
    assert has_valid_checksum(token)


def test_a_seed_gives_the_same_token_again():
    assert make_token(Ids(7), OAUTH_APP) == make_token(Ids(7), OAUTH_APP)
    assert make_token(Ids(7), OAUTH_APP) != make_token(Ids(8), OAUTH_APP)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("gho_16C7e42F292c6912E7710c838347Ae178B4a", id="the-documentation's-sample"),
        pytest.param("gho_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18", id="wrong-checksum"),
        pytest.param("ghx_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", id="unknown-prefix"),
        pytest.param("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", id="no-prefix"),
        pytest.param("gho_0mLq17", id="too-short"),
        pytest.param("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\n", id="line-end"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_token(token):
    assert not has_valid_checksum(token)
