"""The ground every room stands on: time, randomness, storage, one-time codes, tokens, refusals.

Knows no web framework, no vendor and no OAuth flow.
"""
