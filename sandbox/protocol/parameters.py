"""The parameters of an OAuth request, each at most once (RFC 6749 section 3.1)."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.core.refusals import Reason, Refusal


def single_values(pairs: Iterable[tuple[str, str]], *, several: frozenset[str] = frozenset()) -> dict[str, str]:
    """The parameters by name; one that is empty counts as absent, as RFC 6749 section 3.1 says.

    Those named in `several` may come more than once (`resource`, RFC 8707 section 2) and are joined by spaces. Raises
    Refusal: FIELD_REPEATED.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if not value:
            continue
        if name in values:
            if name not in several:
                raise Refusal(Reason.FIELD_REPEATED, f"{name} was sent more than once", name)
            value = f"{values[name]} {value}"  # noqa: PLW2901 - joined to what came before
        values[name] = value
    return values


def get_parameter(parameters: dict[str, str], name: str) -> str:
    """A parameter that must be there. Raises Refusal: FIELD_MISSING."""
    if name not in parameters:
        raise Refusal(Reason.FIELD_MISSING, f"the request has no {name}", name)
    return parameters[name]
