"""The one argument of the small programs here: how often they measure."""

from __future__ import annotations

import argparse


def read_rounds(description: str | None, usual: int) -> int:
    """What the command line asks for, or `usual`. Exits with status 2 if it is no number."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=usual, metavar="ROUNDS", help=f"[{usual}]")
    rounds: int = parser.parse_args().rounds
    return rounds
