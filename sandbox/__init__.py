"""idp-sandbox: a local identity provider that behaves like the real ones.

The public API is what this module exports; everything below it may move.
"""

from sandbox.config import Config
from sandbox.factory import create_app

__all__ = ["Config", "__version__", "create_app"]

__version__ = "0.1.0"
