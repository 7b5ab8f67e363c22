"""GitHub's scopes: parsing, implication, normalization."""

from __future__ import annotations

import pytest

from sandbox.providers.github.scopes import WORDS, covers, normalize, parse_scopes, wants_offline


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        pytest.param("repo gist", ("repo", "gist"), id="spaces"),
        pytest.param("repo,gist", ("repo", "gist"), id="commas"),
        pytest.param(" repo, gist  user:email,,", ("repo", "gist", "user:email"), id="mixed"),
        pytest.param("gist repo gist", ("gist", "repo"), id="each-once-in-order"),
        pytest.param("repo openid profile REPO", ("repo",), id="unknown-dropped"),
        pytest.param("offline_access user", ("user",), id="offline-access-is-no-scope"),
        pytest.param("", (), id="empty"),
    ],
)
def test_parsing(text, scopes):
    assert parse_scopes(text) == scopes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("repo offline_access", True), ("repo,offline_access", True), ("repo", False), ("offline_access_", False)],
)
def test_a_refresh_token_is_asked_for_by_name(text, wanted):
    assert wants_offline(text) is wanted


@pytest.mark.parametrize(
    ("scopes", "recorded"),
    [
        pytest.param(("user", "gist", "user:email"), ("user", "gist"), id="the-documentation's-example"),
        pytest.param(("user:email", "user"), ("user",), id="implied-first"),
        pytest.param(("read:org", "admin:org"), ("admin:org",), id="two-levels"),
        pytest.param(("read:user", "user:email"), ("read:user", "user:email"), id="siblings-stay"),
        pytest.param(("repo", "repo"), ("repo",), id="repeated"),
        pytest.param((), (), id="none"),
    ],
)
def test_normalization(scopes, recorded):
    assert normalize(scopes) == recorded


@pytest.mark.parametrize(
    ("granted", "needed"),
    [
        ("user", "user:email"),
        ("user", "read:user"),
        ("repo", "public_repo"),
        ("admin:org", "read:org"),
        ("write:org", "read:org"),
        ("admin:repo_hook", "read:repo_hook"),
        ("admin:public_key", "read:public_key"),
        ("admin:gpg_key", "read:gpg_key"),
        ("project", "read:project"),
        ("write:packages", "read:packages"),
        ("admin:enterprise", "read:enterprise"),
        ("gist", "gist"),
    ],
)
def test_a_scope_covers_what_it_implies(granted, needed):
    assert covers((granted,), needed)
    assert granted == needed or not covers((needed,), granted)


def test_nothing_covers_nothing():
    assert not covers((), "repo")
    assert not covers(("gist", "read:user"), "user:email")


def test_every_scope_is_explained_in_plain_words():
    assert all(title and description and description[0].isupper() for title, description in WORDS.values())
