"""What is installed: Python, the packages that the sandbox needs, and programs that only its own tests want."""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from sandbox.config import environment
from sandbox.doctor.findings import Finding

_DISTRIBUTION = "idp-sandbox"
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[^\]]*\])?(?P<bounds>[^;]*)$")
_PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")


def examine() -> Iterator[Finding]:
    """Python, packages, programs, and a proxy that stands in between."""
    yield Finding("python", "OK", f"{platform.python_implementation()} {platform.python_version()}")
    yield _packages()
    yield _programs()
    yield from _proxy()


def own_version() -> str:
    """The version of this program, as a running one tells it; "0" if it was never installed."""
    return _version(_DISTRIBUTION) or "0"


def _packages() -> Finding:
    try:
        needed = [match for line in requires(_DISTRIBUTION) or () if (match := _REQUIREMENT.match(line))]
        own = version(_DISTRIBUTION)
    except PackageNotFoundError:
        return Finding("packages", "WARN", "idp-sandbox runs from a folder and is not installed", "pip install .")
    found = {match["name"]: _version(match["name"]) for match in needed}
    wrong = [
        f"{name} {found[name] or 'is missing'} (needed: {bounds.strip()})"
        for name, bounds in ((match["name"], match["bounds"]) for match in needed)
        if not _fits(found[name], bounds)
    ]
    if wrong:
        return Finding("packages", "FAIL", "; ".join(wrong), f"pip install --force-reinstall {_DISTRIBUTION}")
    versions = ", ".join(f"{name} {installed}" for name, installed in found.items())
    return Finding("packages", "OK", f"{_DISTRIBUTION} {own}; {versions}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _fits(installed: str | None, bounds: str) -> bool:
    """Whether a version is within bounds such as `>=3.1,<4`, the only ones that requirements.txt has."""
    if installed is None:
        return False
    have = _numbers(installed)
    for bound in filter(None, (part.strip() for part in bounds.split(","))):
        want = _numbers(bound)
        if (bound.startswith(">=") and have < want) or (bound.startswith("<") and have >= want):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def _programs() -> Finding:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "not there")
    node = shutil.which("node") or "not there"
    return Finding("programs", "OK", f"Chromium: {chromium}; Node.js: {node} (only tests with a browser want them)")


def _proxy() -> Iterator[Finding]:
    proxies, spared = environment(_PROXIES), environment(_EXCEPTIONS)
    names = {name.strip() for value in spared.values() for name in value.split(",")}
    if proxies and not names & {"*", "localhost"}:
        found = f"{', '.join(proxies)}: clients look for localhost behind the proxy"
        yield Finding("proxy", "WARN", found, "export no_proxy=localhost,127.0.0.1,.localhost")
