"""Which version of the sandbox this is.

Knows nothing else about it.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """The version of this sandbox; `0` for a checkout that was never installed."""
    try:
        return version("idp-sandbox")
    except PackageNotFoundError:
        return "0"
