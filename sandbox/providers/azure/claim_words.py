"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "tid": "The tenant that the person signed in at.",
    "oid": "The person's or the application's object in the tenant: the same for every application, unlike sub.",
    "ver": "Whether the token is of version 1.0 or 2.0, which differ in iss, aud and other claims.",
    "upn": "The name that the person signs in with (user principal name). It can change.",
    "unique_name": "A name of the person, for showing. Not unique after all: never look people up by it.",
    "scp": "What the application may do on behalf of the person.",
    "roles": "The roles that the application or its API has given to the person, or to the calling application.",
    "groups": "The groups of the person, by their object ids.",
    "hasgroups": "The person is in more groups than fit: ask Graph for them.",
    "wids": "The tenant-wide roles of the person, by the ids of their templates.",
    "idp": "Who has signed the person in, where that is not the tenant itself.",
    "idtyp": "app: an application calls by itself, and nobody has signed in.",
    "uti": "What tells this token from every other: a jti by another name.",
    "rh": "For internal use: an application has no business with it.",
    "aio": "For internal use: an application has no business with it.",
    "appid": "The application that the token was issued to (version 1.0).",
    "appidacr": "How that application has proved who it is: 0 not at all, 1 secret, 2 certificate (version 1.0).",
    "azpacr": "How the application has proved who it is: 0 not at all, 1 secret, 2 certificate (version 2.0).",
    "ipaddr": "The address that the person signed in from.",
    "login_hint": "What to send along to sign the same person in again, or out.",
    "acct": "0: a member of the tenant, 1: a guest.",
    "acrs": "The authentication contexts that the sign-in has satisfied.",
    "ctry": "The person's country.",
    "tenant_ctry": "The tenant's country.",
    "tenant_region_scope": "The region of the tenant.",
    "verified_primary_email": "Addresses of the person that the tenant has made sure of.",
    "xms_edov": "Whether the domain of the e-mail address is the tenant's own, and so can be trusted.",
    "xms_pl": "The language that the person prefers.",
    "xms_tpl": "The language that the tenant prefers.",
    "xms_st": "What is known of the subject, for internal use.",
    "xms_cc": "What the client can do, such as answer a claims challenge (cp1).",
    "xms_mirid": "The managed identity that the token is for.",
    "x5t": "The thumbprint of the key's certificate: the kid by another name.",
}
