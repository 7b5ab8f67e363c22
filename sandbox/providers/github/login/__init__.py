"""GitHub's browser and token endpoints: authorize, access_token, device, and the page that revokes.

Not the REST and GraphQL API: that is the folder beside this one.
"""
