"""The cloud's API, as far as a login reads it: the profile, organizations and projects."""
