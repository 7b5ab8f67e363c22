"""The benchmark: whole logins per second, against this sandbox and against other mocks, in one run.

Judges nothing. `startup.py`, `pages.py`, `workers.py` and `floor.py` beside it are programs of their own.
docs/performance.md says how it is measured.
"""
