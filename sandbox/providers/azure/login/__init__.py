"""Entra ID's login endpoints: discovery, authorize, token, device, consent and logout, in version 1.0 and 2.0.

Not Microsoft Graph: that is the folder beside this one.
"""
