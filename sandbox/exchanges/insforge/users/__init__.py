"""End users of a project: sign-up, sessions, profiles, and codes by e-mail."""
