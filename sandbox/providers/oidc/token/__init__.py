"""Where clients are: the token endpoint and its grants, userinfo, introspection, revocation, device authorization."""
