"""A thread without an event loop, for code that starts one by itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def apart(call: Callable[[], T]) -> T:
    """Call something in a thread of its own and return its answer, or raise what it raised.

    Playwright keeps an event loop running in the thread of the tests once one of them has used the browser,
    and asyncio.run refuses to start a second one there.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()
