"""Puts the fixture's `oidc` section into a world: the settings of each issuer, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.world import World


def seed(_world: World, section: Mapping[str, Any]) -> Mapping[str, Any]:
    """The section with its issuers as `{name: settings}`; keys are made when an issuer is first used."""
    return {**section, "issuers": {issuer["name"]: issuer["settings"] for issuer in section["issuers"]}}
