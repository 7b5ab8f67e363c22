"""Every option of the program, in one table: defaults < file < environment < command line.

The only reader of the environment. Starts nothing.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

PREFIX = "IDP_SANDBOX_"

_MOST_WORKERS = 64
# More than any database holds of anything.
_MOST_COUNTED = 10**12

_SWITCH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False, "on": True, "off": False}
# Labels of letters, digits and inner hyphens (RFC 1123 section 2.1); a name of another script is written as xn--...
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


class ConfigError(ValueError):
    """An option has a value it cannot have; the message names the option, the value and what is allowed."""


def _option(default: Any, parse: Callable[[str], Any], metavar: str, text: str) -> Any:
    return field(default=default, metadata={"parse": parse, "metavar": metavar, "help": text})


def _port(value: str) -> int:
    port = int(value)
    if not 0 < port < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return port


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an http or https URL without query or fragment is needed")
    if parts.path.strip("/"):
        raise ValueError("rooms live at the root of an origin; leave the path out")
    return f"{parts.scheme}://{parts.netloc}"


def _workers(value: str) -> int:
    workers = int(value)
    if not 0 < workers <= _MOST_WORKERS:
        raise ValueError(f"a number from 1 to {_MOST_WORKERS} is needed")
    return workers


def _database(value: str) -> str:
    """A relative SQLite path is meant from the current folder; every process must mean the same file."""
    scheme, separator, path = value.partition(":///")
    if separator and scheme.partition("+")[0] == "sqlite" and path and not path.startswith((":", "file:", "/")):
        return f"{scheme}:///{Path(path).absolute()}"
    return value


def _approval(value: str) -> str:
    if not re.fullmatch(r"ask|hint|always=.+", value):
        raise ValueError("one of ask, hint, always=NAME is needed")
    return value


def _token(value: str) -> str:
    if not re.fullmatch(r"[!-~]{8,200}", value):
        raise ValueError("8 to 200 printable ASCII characters without spaces are needed")
    return value


def _seconds(value: str) -> int:
    seconds = int(value)
    if seconds < 0:
        raise ValueError("a number of seconds, or 0, is needed")
    return seconds


def _count(value: str) -> int:
    count = int(value)
    if not 0 <= count <= _MOST_COUNTED:
        raise ValueError(f"a number from 0 to {_MOST_COUNTED} is needed")
    return count


def _hosts(value: str) -> tuple[str, ...]:
    return tuple(host.strip().lower() for host in value.split(",") if host.strip())


def _names(value: str) -> tuple[str, ...]:
    names = _hosts(value)
    for name in names:
        if not _NAME.fullmatch(name) and not _is_address(name):
            raise ValueError(f"{name!r} is no host name and no IP address")
    return names


def _switch(value: str) -> bool:
    if value.lower() not in _SWITCH:
        raise ValueError(f"one of {', '.join(_SWITCH)} is needed")
    return _SWITCH[value.lower()]


def _folder(value: str) -> Path:
    return Path(value).expanduser().absolute()


@dataclass(frozen=True)
class Config:
    """The options. Each field is an option: `--public-url`, `IDP_SANDBOX_PUBLIC_URL`, `public_url:` in a file.

    Raises ConfigError for an impossible value.
    """

    host: str = _option("127.0.0.1", str, "ADDRESS", "Address to listen on.")
    port: int = _option(9400, _port, "PORT", "Port to listen on.")
    fixtures: Path | None = _option(None, Path, "FILE", "Fixture file (YAML or JSON); the shipped cast if left out.")
    database: str | None = _option(
        None,
        _database,
        "URL",
        "Database URL (sqlite:///file.db or postgresql+psycopg://...); a temporary file if left out.",
    )
    workers: int = _option(1, _workers, "N", "How many processes answer; they share the database.")
    public_url: str | None = _option(
        None, _url, "URL", "Origin that all issued URLs carry; the request's own if left out."
    )
    approval: str = _option(
        "ask",
        _approval,
        "POLICY",
        "Who decides a sign-in: ask (a person, always), hint (nobody, when the request names the login), "
        "always=NAME (nobody; always this login).",
    )
    random_seed: int | None = _option(
        None, int, "N", "Make ids, codes and tokens the same in every run (never for secrets that matter)."
    )
    control_token: str | None = _option(
        None,
        _token,
        "TOKEN",
        "What the control API wants to see in X-Sandbox-Token. Beyond this machine there is always one; one is made up "
        "and printed if left out.",
    )
    world_idle: int = _option(
        3600,
        _seconds,
        "SECONDS",
        "How long a world may go without a request before it is dropped; 0: never.",
    )
    journal_limit: int = _option(
        10_000, _count, "N", "How many requests each world's journal keeps, the newest ones; 0: all."
    )
    keep_expired: int = _option(
        3600,
        _seconds,
        "SECONDS",
        "How long what has expired is still known, in real time, so that it is refused as expired.",
    )
    allowed_hosts: tuple[str, ...] = _option(
        (), _hosts, "HOSTS", "Further host names to answer to, comma-separated; loopback names always work."
    )
    tls: bool = _option(False, _switch, "", "Serve https too, beside http.")
    tls_port: int = _option(9443, _port, "PORT", "Port of https, with --tls.")
    tls_name: tuple[str, ...] = _option(
        (),
        _names,
        "NAMES",
        "Further host names and IP addresses of the certificate, comma-separated; they are answered to as well.",
    )
    tls_dir: Path | None = _option(
        None,
        _folder,
        "FOLDER",
        "Where the CA and the certificate are kept; the user's data folder for programs if left out.",
    )

    def __post_init__(self) -> None:
        for name in _OPTIONS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _parse(name, value, "Config"))
        if self.tls and self.tls_port == self.port:
            raise ConfigError(f"tls_port = '{self.tls_port}': http has this port already; choose another")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def tls_folder(self) -> Path:
        """Where the CA and the certificate are kept: `tls_dir`, or the data folder of this user.

        Raises ConfigError if this user has none.
        """
        return self.tls_dir or data_folder()


def environment_name(name: str) -> str:
    """The environment variable of an option: `port` -> `IDP_SANDBOX_PORT`."""
    return PREFIX + name.upper()


def environment(names: Iterable[str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Those of these variables that are set: what other programs are told, for who explains it."""
    environ = os.environ if environ is None else environ
    return {name: environ[name] for name in names if environ.get(name)}


def data_folder(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Where programs keep what a user's sandboxes share: the folder of each system, as it names it.

    Raises ConfigError if this user has no home.
    """
    environ = os.environ if environ is None else environ
    try:
        if platform == "win32":
            base = Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
        elif platform == "darwin":
            base = Path.home() / "Library/Application Support"
        else:
            # A relative path is to be ignored (XDG Base Directory Specification, "Environment variables").
            given = Path(environ.get("XDG_DATA_HOME", ""))
            base = given if given.is_absolute() else Path.home() / ".local/share"
    except RuntimeError as error:
        raise ConfigError("tls_dir: this user has no home folder; name a folder with --tls-dir") from error
    return base / "idp-sandbox"


def load_config(
    flags: Mapping[str, object] | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Put the options together. `flags` are those given on the command line (None: not given).

    Raises ConfigError for an unknown name or an impossible value.
    """
    environ = os.environ if environ is None else environ
    sources: list[tuple[str, Mapping[str, object]]] = [
        (str(file), _read(file) if file else {}),
        ("environment", {name: environ.get(environment_name(name)) for name in _OPTIONS}),
        ("command line", flags or {}),
    ]
    values: dict[str, Any] = {}
    for source, given in sources:
        for name, value in given.items():
            if name not in _OPTIONS:
                raise ConfigError(f"{source}: unknown option {name!r}; there are {', '.join(_OPTIONS)}")
            if value is not None:
                values[name] = _parse(name, value, source)
    return Config(**values)


_OPTIONS = {option.name: option for option in fields(Config)}


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _parse(name: str, value: object, source: str) -> Any:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    try:
        return _OPTIONS[name].metadata["parse"](text)
    except ValueError as error:
        raise ConfigError(f"{source}: {name} = {text!r}: {error}") from error


def _read(file: Path) -> Mapping[str, object]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file}: a mapping of options is needed")
    return {str(name).replace("-", "_"): value for name, value in content.items()}
