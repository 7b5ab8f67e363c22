"""How large a body may be: as large as any other, but where something larger is what an endpoint is for."""

from __future__ import annotations

MOST = 1_000_000
# In bytes, by endpoint.
largest: dict[str, int] = {}
