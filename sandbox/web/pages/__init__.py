"""The sandbox's own pages, for people: each shows what the control API tells, or does what it does."""

from sandbox.web.pages import (
    basics,
    cast,
    clock,
    docs,
    events,
    faults,
    fixture,
    flows,
    home,
    keys,
    mailbox,
    snippets,
    tokens,
    trying,
    worlds,
)
from sandbox.web.pages.page import install, pages

__all__ = [
    "basics",
    "cast",
    "clock",
    "docs",
    "events",
    "faults",
    "fixture",
    "flows",
    "home",
    "install",
    "keys",
    "mailbox",
    "pages",
    "snippets",
    "tokens",
    "trying",
    "worlds",
]
