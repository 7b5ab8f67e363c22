"""Azure's discovery: documents, keys, instance discovery and user realms, for every way to name a tenant."""

from __future__ import annotations

import base64
import hashlib
import json
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from sandbox.core.keysets import rotate_key
from tests.support.azure_login import CONSUMERS, CONTOSO, WEB, claims, header, tokens

DISCOVERY = ".well-known/openid-configuration"
HOST = "http://localhost"
V2 = {
    "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    "response_modes_supported": ["query", "fragment", "form_post"],
    "subject_types_supported": ["pairwise"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
    "scopes_supported": ["openid", "profile", "email", "offline_access"],
    "request_uri_parameter_supported": False,
    "http_logout_supported": True,
    "frontchannel_logout_supported": True,
    "cloud_instance_name": "microsoftonline.com",
    "cloud_graph_host_name": "graph.windows.net",
    "msgraph_host": "localhost",
    "rbac_url": "https://pas.windows.net",
}


@pytest.mark.parametrize(
    ("tenant", "issuer"),
    [
        (CONTOSO, f"{HOST}/{CONTOSO}/v2.0"),
        (CONTOSO.upper(), f"{HOST}/{CONTOSO}/v2.0"),
        ("contoso.test", f"{HOST}/{CONTOSO}/v2.0"),
        ("CONTOSO.Test", f"{HOST}/{CONTOSO}/v2.0"),
        ("common", HOST + "/{tenantid}/v2.0"),
        ("Common", HOST + "/{tenantid}/v2.0"),
        ("organizations", HOST + "/{tenantid}/v2.0"),
        ("consumers", f"{HOST}/{CONSUMERS}/v2.0"),
        (CONSUMERS, f"{HOST}/{CONSUMERS}/v2.0"),
    ],
)
def test_a_document_names_its_issuer_and_keeps_the_tenant_as_it_was_asked_for(sandbox, tenant, issuer):
    answer = sandbox.get(f"/{tenant}/v2.0/{DISCOVERY}", query_string={"appid": WEB, "x-client-SKU": "test"})

    assert answer.status_code == 200
    assert answer.json["issuer"] == issuer
    assert answer.json["authorization_endpoint"] == f"{HOST}/{tenant}/oauth2/v2.0/authorize"
    assert answer.json["token_endpoint"] == f"{HOST}/{tenant}/oauth2/v2.0/token"
    assert answer.json["device_authorization_endpoint"] == f"{HOST}/{tenant}/oauth2/v2.0/devicecode"
    assert answer.json["end_session_endpoint"] == f"{HOST}/{tenant}/oauth2/v2.0/logout"
    assert answer.json["jwks_uri"] == f"{HOST}/{tenant}/discovery/v2.0/keys"
    assert answer.json["userinfo_endpoint"] == f"{HOST}/oidc/userinfo"
    assert {name: answer.json[name] for name in V2} == V2


@pytest.mark.parametrize(("tenant", "region"), [(CONTOSO, "EU"), ("common", None), ("organizations", None)])
def test_only_one_tenant_has_a_region(sandbox, tenant, region):
    assert sandbox.get(f"/{tenant}/v2.0/{DISCOVERY}").json["tenant_region_scope"] == region


def test_nothing_is_listed_that_is_not_served(sandbox):
    document = sandbox.get(f"/{CONTOSO}/v2.0/{DISCOVERY}").json

    assert "kerberos_endpoint" not in document
    for name, value in document.items():
        if isinstance(value, str) and value.startswith(HOST) and name != "issuer":
            assert sandbox.open(urlsplit(value).path, method="OPTIONS").status_code in (200, 204), name


@pytest.mark.parametrize(
    ("tenant", "issuer"),
    [("contoso.test", f"{HOST}/{CONTOSO}/"), ("common", HOST + "/{tenantid}/"), ("consumers", f"{HOST}/{CONSUMERS}/")],
)
def test_the_document_of_version_1_has_an_issuer_with_a_slash(sandbox, tenant, issuer):
    document = sandbox.get(f"/{tenant}/{DISCOVERY}").json

    assert document["issuer"] == issuer
    assert document["token_endpoint"] == f"{HOST}/{tenant}/oauth2/token"
    assert document["jwks_uri"] == f"{HOST}/{tenant}/discovery/keys"
    assert sandbox.get(urlsplit(document["jwks_uri"]).path).json["keys"][0]["issuer"] == issuer


def test_discovery_may_be_kept_and_read_by_other_origins(sandbox):
    answer = sandbox.get(f"/{CONTOSO}/v2.0/{DISCOVERY}", headers={"Origin": "http://localhost:9998"})

    assert answer.headers["Cache-Control"] == "max-age=86400, private"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, OPTIONS"


@pytest.mark.parametrize("path", [f"v2.0/{DISCOVERY}", DISCOVERY, "discovery/v2.0/keys", "discovery/keys"])
@pytest.mark.parametrize("tenant", ["nope", "fabrikam.example", "00000000-0000-0000-0000-000000000000", "settings"])
def test_an_unknown_tenant_is_refused(sandbox, tenant, path):
    answer = sandbox.get(f"/{tenant}/{path}", headers={"client-request-id": "c-1"})

    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_tenant"
    assert answer.json["error_codes"] == [90002]
    assert answer.json["error_description"].startswith(
        f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
        "into the correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant. Trace ID: "
    )
    assert answer.json["correlation_id"] == "c-1"
    assert answer.headers["X-Sandbox-Reason"].startswith("ISSUER_UNKNOWN; ")


def test_a_key_comes_with_its_certificate(sandbox):
    (key,) = sandbox.get("/common/discovery/v2.0/keys").json["keys"]
    der = base64.b64decode(key["x5c"][0])

    assert list(key) == ["kty", "use", "alg", "kid", "x5t", "n", "e", "x5c", "issuer"]
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert key["issuer"] == HOST + "/{tenantid}/v2.0"
    assert key["x5t"] == base64.urlsafe_b64encode(hashlib.sha1(der).digest()).rstrip(b"=").decode()
    assert x509.load_der_x509_certificate(der).public_key().key_size == 2048


def test_a_rotated_key_stays_published_and_the_new_one_signs(sandbox):
    before = tokens(sandbox)["id_token"]
    with sandbox.world() as world:
        rotate_key(world, "azure", "RS256")
    after = tokens(sandbox)["id_token"]
    kids = [key["kid"] for key in sandbox.get(f"/{CONTOSO}/discovery/v2.0/keys").json["keys"]]

    assert kids == [header(after)["kid"], header(before)["kid"]]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("host", ["localhost", "login.microsoftonline.com", "sts.windows.net"])
def test_instance_discovery_knows_the_sandbox_and_the_vendor(sandbox, version, host):
    endpoint = f"https://{host}/contoso.test/oauth2/v2.0/authorize"
    answer = sandbox.get(
        "/common/discovery/instance", query_string={"api-version": version, "authorization_endpoint": endpoint}
    )

    assert answer.json == {
        "tenant_discovery_endpoint": f"{HOST}/contoso.test/v2.0/{DISCOVERY}",
        "api-version": version,
        "metadata": [
            {
                "preferred_network": "login.microsoftonline.com",
                "preferred_cache": "login.windows.net",
                "aliases": [
                    "login.microsoftonline.com",
                    "login.windows.net",
                    "login.microsoft.com",
                    "sts.windows.net",
                ],
            },
            {"preferred_network": "localhost", "preferred_cache": "localhost", "aliases": ["localhost"]},
        ],
    }


@pytest.mark.parametrize(
    ("query", "error", "number", "reason"),
    [
        ({"authorization_endpoint": "https://evil.test/common"}, "invalid_instance", 50049, "ISSUER_UNKNOWN"),
        ({"authorization_endpoint": "https://[/common"}, "invalid_instance", 50049, "ISSUER_UNKNOWN"),
        ({"authorization_endpoint": ""}, "invalid_request", 900144, "FIELD_MISSING"),
        ({"api-version": ""}, "invalid_request", 900144, "FIELD_MISSING"),
        ({"api-version": "9"}, "invalid_request", 9002313, "FIELD_INVALID"),
    ],
)
def test_instance_discovery_refuses(sandbox, query, error, number, reason):
    good = {"api-version": "1.1", "authorization_endpoint": "https://localhost/common/oauth2/v2.0/authorize"}
    answer = sandbox.get("/common/discovery/instance", query_string=good | query)

    assert (answer.status_code, answer.json["error"], answer.json["error_codes"]) == (400, error, [number])
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize("spelling", ["userrealm", "UserRealm"])
@pytest.mark.parametrize(
    ("name", "kind"), [("alice@contoso.test", "Managed"), ("x@CONTOSO.test", "Managed"), ("x@other.test", "Unknown")]
)
def test_a_user_realm_is_managed_here_or_unknown(sandbox, spelling, name, kind):
    answer = sandbox.get(f"/common/{spelling}/{name}?api-version=1.0").json

    assert answer == {
        "ver": "1.0",
        "account_type": kind,
        "domain_name": name.partition("@")[2].lower(),
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }


# Other ways in


def test_at_the_vendors_hosts_every_url_is_the_vendors(sandbox):
    at_login = {"base_url": "https://login.microsoftonline.com"}
    document = sandbox.get(f"/{CONTOSO}/v2.0/{DISCOVERY}", **at_login).json
    first = sandbox.get(f"/{CONTOSO}/{DISCOVERY}", **at_login).json
    instance = sandbox.get(
        "/common/discovery/instance",
        query_string={"api-version": "1.1", "authorization_endpoint": "https://login.microsoftonline.com/common/"},
        **at_login,
    ).json

    assert document["issuer"] == f"https://login.microsoftonline.com/{CONTOSO}/v2.0"
    assert document["token_endpoint"] == f"https://login.microsoftonline.com/{CONTOSO}/oauth2/v2.0/token"
    assert document["userinfo_endpoint"] == "https://graph.microsoft.com/oidc/userinfo"
    assert document["msgraph_host"] == "graph.microsoft.com"
    assert first["issuer"] == f"https://sts.windows.net/{CONTOSO}/"
    assert len(instance["metadata"]) == 1
    at_sts = sandbox.get(f"/{CONTOSO}/v2.0/{DISCOVERY}", base_url="https://sts.windows.net").json
    assert at_sts["issuer"] == document["issuer"]


@pytest.mark.parametrize(
    ("base", "prefix"),
    [("http://localhost:9400", "/azure"), ("http://azure.localhost:9400", ""), ("http://localhost:9400", "/w/default")],
)
def test_the_room_has_a_prefix_a_host_and_a_world(sandbox, base, prefix):
    document = sandbox.get(f"{prefix}/{CONTOSO}/v2.0/{DISCOVERY}", base_url=base).json

    assert document["issuer"] == f"{base}{prefix}/{CONTOSO}/v2.0"
    assert document["userinfo_endpoint"] == f"{base}{prefix}/oidc/userinfo"


def test_reserved_names_are_other_rooms_or_nothing(sandbox):
    for name in ("login", "api", "v2", "metadata", "error", "github", "gmi", "_sandbox", "static", "console"):
        answer = sandbox.get(f"/{name}/v2.0/{DISCOVERY}")

        assert answer.status_code >= 400, name
        assert "token_endpoint" not in answer.text


def test_the_issuer_of_a_token_is_that_of_the_document(sandbox):
    issued = tokens(sandbox)
    v2, v1 = sandbox.get(f"/{CONTOSO}/v2.0/{DISCOVERY}").json, sandbox.get(f"/{CONTOSO}/{DISCOVERY}").json

    assert claims(issued["id_token"])["iss"] == v2["issuer"]
    assert claims(issued["access_token"])["iss"] == v1["issuer"]
    assert json.dumps(v2["claims_supported"]).count("preferred_username") == 1
