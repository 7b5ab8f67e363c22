"""Sweeps in the background, in a thread beside those that serve, until the sandbox closes.

What is swept is core/retention.py's. An application in a test has no such thread unless it asks for one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sandbox.core.outage import find_outage
from sandbox.core.retention import Keep, Watch, sweep
from sandbox.core.session import Session
from sandbox.service import House

log = logging.getLogger("sandbox")

# Seconds from one sweep to the next.
INTERVAL = 60
# How long others may write before the next batch, in seconds: SQLite lets them wait for each other in steps of some
# milliseconds, so who goes on at once would always be first.
_PAUSE = 0.1


def start_sweeping(house: House, interval: float | None = None) -> threading.Thread:
    """Sweep every `interval` seconds (None: INTERVAL) until the house closes; returns the thread, which is a daemon."""
    every = INTERVAL if interval is None else interval
    thread = threading.Thread(target=_sweep_on, args=(house, every), name="idp-sandbox-sweep", daemon=True)
    thread.start()
    return thread


@contextmanager
def _open_session(house: House) -> Iterator[Session]:
    # A batch is work like a request's.
    with house.turns(), house.open_session() as session:
        yield session


def _sweep_on(house: House, interval: float) -> None:
    config = house.config
    keep = Keep(expired=config.keep_expired, journal=config.journal_limit, idle=config.world_idle)
    watch, failing = Watch(), False
    while not house.closing.wait(interval):
        try:
            sweep(partial(_open_session, house), keep, watch, lambda: house.closing.wait(_PAUSE))
            failing = False
        except Exception as error:
            # Whatever it is: the database may be back the next time.
            if not failing and not house.closing.is_set():
                outage = find_outage(error)
                log.warning("nothing is swept for now: %s", outage.detail if outage else repr(error).partition("\n")[0])
            failing = True
