"""The services over the control API: what there is, where it lives and what its operations are called."""

from __future__ import annotations

from sandbox.services import SERVICES

PATH = "/_sandbox/api/services"


def test_every_service_is_there_with_its_address(sandbox):
    found = {service["slug"]: service for service in sandbox.get(PATH).json["services"]}

    assert list(found) == list(SERVICES)
    assert found["github"]["kind"] == "provider"
    assert found["gmi"]["base_url"].startswith("http://localhost/")
    in_world = sandbox.get(f"/w/t1{PATH}").json["services"]
    assert all(service["base_url"].startswith("http://localhost/w/t1") for service in in_world)


def test_an_operation_is_called_as_in_the_journal(sandbox):
    sandbox.get("/api/v3/user")
    entry = sandbox.journal()[-1]
    service = next(one for one in sandbox.get(PATH).json["services"] if one["slug"] == entry.service)

    called = [(one["operation"], one["method"], one["path"]) for one in service["operations"]]
    assert (entry.operation, "GET", "/api/v3/user") in called


def test_nothing_of_the_own_pages_is_an_operation_of_a_service(sandbox):
    for service in sandbox.get(PATH).json["services"]:
        assert service["operations"]
        for one in service["operations"]:
            assert one["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"}
            assert one["path"].startswith("/")
