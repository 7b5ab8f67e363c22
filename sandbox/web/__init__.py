"""The sandbox's own face: what happens around every request, its own pages and its health."""
