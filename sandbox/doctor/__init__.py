"""The examination of `idp-sandbox doctor`: what may keep a sandbox from working here, and what to type.

Changes nothing: it makes no database, no certificate and no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.config import ConfigError, load_config
from sandbox.doctor import machine, names, serving, tls
from sandbox.doctor.findings import Finding

__all__ = ["Finding", "examine"]


def examine(flags: Mapping[str, object], file: Path | None) -> Iterator[Finding]:
    """What is found, in the order in which it should be mended; `flags` and `file` are as load_config has them."""
    yield from machine.examine()
    try:
        config = load_config(flags, file=file)
        folder = config.tls_folder
    except ConfigError as error:
        yield Finding("options", "FAIL", str(error), "idp-sandbox serve --help")
        return
    yield from serving.examine(config)
    yield from tls.examine(config, folder)
    yield from names.examine(config)
