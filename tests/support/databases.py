"""Tests on either database: SQLite in a temporary file, or an empty database of PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Config

DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))

# For a test or a class of a module of which the rest is content with SQLite.
on_either_database = pytest.mark.parametrize("config", DATABASES, indirect=True)


def config_on(request: pytest.FixtureRequest, **options: Any) -> Config:
    """What a fixture `config` returns: the database is the one of its parameter, SQLite if it has none."""
    on_postgres = getattr(request, "param", "sqlite") == "postgres"
    return Config(database=request.getfixturevalue("postgres_database") if on_postgres else None, **options)
