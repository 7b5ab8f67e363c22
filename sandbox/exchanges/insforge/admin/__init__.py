"""Admins of a project: sessions by the cloud's code or by password, and what only admins see."""
