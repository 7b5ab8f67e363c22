"""Where the shipped files lie: inside the wheel, or at the top of a checkout; and the templates as they were compiled.

Reads none of them.
"""

from __future__ import annotations

from pathlib import Path
from types import CodeType

from jinja2.bccache import Bucket, BytecodeCache

_PACKAGE = Path(__file__).resolve().parent.parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


TEMPLATES = _folder("templates")
STATIC = TEMPLATES / "static"


class _Compiled(BytecodeCache):
    """Keeps what templates compile to, for every app of the process: to compile one costs some 5 ms.

    As long as a template is the same it is the same for all, since the environment of no app changes what it means.
    """

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Hand out what this text of the template was compiled to, if it was."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it; `bucket.code` is there by now."""
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = _Compiled()
