"""Draws a person's picture as a PNG: a head and shoulders on the colour that the person has on every page."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from math import sqrt

# The colours of the avatars on pages, in the order of their hues.
_COLOURS = ("2563c9", "0b7476", "2c7a3a", "8a5d00", "b34a17", "bd2f55", "8342b5", "556075")
_WHITE = "ffffff"
# Head and shoulders in parts of the picture's side: centre from the top, half the width, half the height.
_HEAD = (0.38, 0.17, 0.17)
_SHOULDERS = (0.95, 0.34, 0.36)


def draw_portrait(hue: int, size: int) -> bytes:
    """A square PNG of `size` pixels a side; `hue` is 0 to 7."""
    palette = bytes.fromhex(_COLOURS[hue % len(_COLOURS)] + _WHITE)
    header = struct.pack(">IIBBBBB", size, size, 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"".join(_rows(size)))
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _rows(size: int) -> Iterator[bytes]:
    for row in range(size):
        height = (row + 0.5) / size
        half = round(size * max(_half_width(height, *_HEAD), _half_width(height, *_SHOULDERS)))
        edge, inner = size // 2 - half, size - 2 * (size // 2 - half) if half else 0
        # Each row begins with its filter, of which 0 is none (PNG section 9.2).
        yield b"\0" + b"\0" * edge + b"\1" * inner + b"\0" * (size - edge - inner)


def _half_width(height: float, centre: float, width: float, reach: float) -> float:
    distance = (height - centre) / reach
    return width * sqrt(1 - distance * distance) if abs(distance) < 1 else 0.0


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
