"""A server that does nothing, to see what the generator itself can do: answers a redirect with a code, or a token.

    python -m bench.ceiling PORT

Parses no more of a request than where it ends.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.flows import CODE, Step
from bench.targets.base import FORM, HOST, Target

REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9999/callback?code=c&state=s\r\nContent-Length: 0\r\n\r\n"
TOKEN = b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"id_token":"none"}'
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")


class Server(asyncio.Protocol):
    """Answers a GET with the redirect and a POST with the token."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if found and len(body) >= int(length[1] if length else 0):
            self._buffer = b""
            self._transport.write(REDIRECT if head.startswith(b"GET") else TOKEN)


class Ceiling(Target):
    """The server as a target, with a login of two requests."""

    name, ready, discovery, jwks = "ceiling", "/", None, None
    tells = "a server that does nothing: what the generator can do at most"

    def version(self) -> str:
        return ""

    def command(self, port: int, folder: Path) -> list[str]:  # noqa: ARG002 - it writes nothing
        return [sys.executable, "-m", "bench.ceiling", str(port)]

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        query = "client_id=bench&state=$state&nonce=$nonce&code_challenge=$challenge"
        form = "grant_type=authorization_code&code=$code&code_verifier=$verifier"
        return [
            Step("GET", f"/authorize?{query}", keeps={"code": CODE}),
            Step("POST", "/token", FORM, form, needs='"id_token"'),
        ]


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Server, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
