"""A keep-alive HTTP/1.1 connection that costs little: bytes out; status, headers and body in.

Knows what the servers under measurement answer with: Content-Length, chunks, and a body that ends with the connection.
Follows no redirect, keeps no cookie, and decodes nothing.
"""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple, cast

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
_WITHOUT_BODY = (204, 304)


class Answer(NamedTuple):
    """An HTTP answer: `head` is everything up to the blank line, `body` has no chunks any more."""

    status: int
    head: bytes
    body: bytes


class Connection(asyncio.Protocol):
    """One connection at a time to one address; a request at a time on it. It is opened when first needed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._buffer = b""

    async def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer.

        Raises ConnectionError if the server hangs up before the answer is complete, OSError if it cannot be reached,
        and ValueError if the answer is not HTTP.
        """
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, *self._address)
        self._waiting = loop.create_future()
        self._buffer = b""
        cast("asyncio.Transport", self._transport).write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up; the next request opens another connection."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        try:
            answer = parse(self._buffer)
        except ValueError as error:
            self._fail(error)
            return
        if answer is not None:
            self._finish(answer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio says it
        self._transport = None
        try:
            answer = parse(self._buffer, ended=True)
        except ValueError:
            answer = None
        if answer is None:
            self._fail(ConnectionResetError("the server hung up before its answer was complete"))
        else:
            self._finish(answer)

    def _finish(self, answer: Answer) -> None:
        if _CLOSE.search(answer.head):
            self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


def parse(data: bytes, *, ended: bool = False) -> Answer | None:
    """The answer that `data` is, or None while it is incomplete; `ended` says that no more will come.

    Raises ValueError if it is not HTTP.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[:end]
    if not head.startswith(b"HTTP/1."):
        raise ValueError(f"not an HTTP answer: {head[:40]!r}")
    status, start = int(head[9:12]), end + 4
    if length := _LENGTH.search(head):
        complete = start + int(length[1])
        return Answer(status, head, data[start:complete]) if len(data) >= complete else None
    if _CHUNKED.search(head):
        body = join_chunks(data, start)
        return None if body is None else Answer(status, head, body)
    return Answer(status, head, data[start:]) if ended or status in _WITHOUT_BODY else None


def join_chunks(data: bytes, start: int) -> bytes | None:
    """The body whose chunks begin at `start`, or None while the last is missing. Raises ValueError on a bad size."""
    pieces: list[bytes] = []
    while (line := data.find(b"\r\n", start)) >= 0:
        size = int(data[start:line].split(b";")[0], 16)
        start = line + 2
        if size == 0:
            # Trailers, if any, end with an empty line; without any it comes at once.
            closed = data.startswith(b"\r\n", start) or data.find(b"\r\n\r\n", start) >= 0
            return b"".join(pieces) if closed else None
        if len(data) < start + size + 2:
            return None
        pieces.append(data[start : start + size])
        start += size + 2
    return None
