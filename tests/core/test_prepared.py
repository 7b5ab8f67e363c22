"""A statement given to the driver gives what SQLAlchemy would give, and fails as SQLAlchemy would."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from sandbox.core.prepared import Prepared

# Its second row is none.
_FAILS_LATE = "SELECT abs(x) FROM (SELECT 1 AS x UNION ALL SELECT :lowest)"


def test_an_error_while_rows_are_fetched_is_told_as_any_other():
    engine = create_engine("sqlite://")
    statement = Prepared(text(_FAILS_LATE), engine.dialect, ("x",))

    with engine.connect() as connection, pytest.raises(OperationalError, match="overflow") as failed:
        statement.all(connection, {"lowest": -(2**63)})

    assert str(2**63) not in str(failed.value)
    engine.dispose()
