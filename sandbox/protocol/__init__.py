"""OAuth 2.0 as the RFCs say it, once, as functions over a World.

Knows no web framework and no vendor: rooms parse the wire and render the answer.
"""
