"""idp-sandbox: a local identity provider that behaves like the real ones.

The public API is what this module exports; everything below it may move. Each name is loaded when it is first asked
for, so that a client does not wait for the server.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.client import SandboxClient, SandboxError
    from sandbox.config import Config
    from sandbox.factory import create_app
    from sandbox.local import Sandbox

__all__ = ["Config", "Sandbox", "SandboxClient", "SandboxError", "__version__", "create_app"]

__version__ = "0.1.0"

_HOMES = {
    "Config": "sandbox.config",
    "Sandbox": "sandbox.local",
    "SandboxClient": "sandbox.client",
    "SandboxError": "sandbox.client",
    "create_app": "sandbox.factory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sandbox' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
