"""The files of the containers are what their engines take, and say what the program takes; nginx runs with its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import yaml

from sandbox.config import load_config
from tests.support.components import PostgresServer, free_port
from tests.support.farm import PUBLIC_URL, Farm, running_farm
from tests.support.oidc import CALLBACK, CLIENT, SECRET
from tests.support.person import query
from tests.support.process import PATIENCE, PROGRAMS, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
CONF = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
APPS = ("app-1", "app-2")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return content


# Dockerfile


def instructions(name: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return [line.removeprefix(name).strip() for line in joined.splitlines() if line.startswith(f"{name} ")]


def test_nothing_in_the_dockerfile_is_found_fault_with():
    found = subprocess.run(
        [PROGRAMS / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False, timeout=60
    )

    assert (found.returncode, found.stdout) == (0, "")


def test_what_the_image_is_built_from_is_there_and_sent_to_the_engine():
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word
        for words in map(str.split, instructions("COPY"))
        if not words[0].startswith("--from=")
        for word in words[:-1]
    }

    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_somebody_who_is_not_root():
    assert DOCKERFILE.rindex("\nUSER ") > DOCKERFILE.rindex("\nFROM ")
    assert int(instructions("USER")[-1]) > 0


def health(port: int) -> int:
    """The exit status of the health check, as the engine would run it in the container."""
    command = json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    assert command[0] == "python"
    environment = {**os.environ, "IDP_SANDBOX_PORT": str(port)}
    return subprocess.run(
        [sys.executable, *command[1:]], check=False, timeout=60, stderr=subprocess.DEVNULL, env=environment
    ).returncode


def test_the_image_is_healthy_while_the_sandbox_answers(live):
    assert health(int(live.origin.rpartition(":")[2])) == 0
    assert health(free_port()) == 1


def test_the_image_serves_as_the_program_is_told_to(compose):
    told = dict(word.split("=", 1) for word in instructions("ENV")[0].split())
    config = load_config(environ=told)

    assert json.loads(instructions("ENTRYPOINT")[0]) == ["idp-sandbox"]
    assert json.loads(instructions("CMD")[0]) == ["serve"]
    assert config.host == "0.0.0.0"
    assert {str(config.port), str(config.tls_port)} == set(instructions("EXPOSE")[0].split())


# compose.yaml


def test_the_compose_file_is_one_by_its_published_schema(compose):
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"

    jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(compose)


def test_whoever_is_waited_for_is_there_and_can_be_found_healthy(compose):
    services = compose["services"]
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            assert wanted == {"condition": "service_healthy"}
            assert "healthcheck" in services[name] or "build" in services[name]
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (ROOT / source).is_file()


def filled(value: str, environment: dict[str, str]) -> str:
    """A value of the file as the engine reads it, where variables have defaults or are needed."""

    def fill(found: re.Match[str]) -> str:
        name, needed, default = found.groups()
        assert name in environment or needed == ":-", name
        return environment.get(name) or default

    return re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", fill, value)


def test_what_the_containers_are_told_are_options_of_the_program(compose):
    environments = [compose["services"][name]["environment"] for name in APPS]
    token = {"IDP_SANDBOX_CONTROL_TOKEN": "a-token-of-tests"}
    config = load_config(environ={name: filled(value, token) for name, value in environments[0].items()})

    assert environments[0] == environments[1]
    assert (config.public_url, config.control_token) == ("http://localhost:9400", "a-token-of-tests")
    database = compose["services"]["database"]["environment"]
    assert config.database == "postgresql+psycopg://{POSTGRES_USER}:{POSTGRES_PASSWORD}@database/{POSTGRES_DB}".format(
        **database
    )
    with pytest.raises(AssertionError):
        filled(environments[0]["IDP_SANDBOX_CONTROL_TOKEN"], {})


def test_only_the_balancer_is_reached_from_outside_and_it_reaches_every_process(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

    assert published == {"balancer": ["127.0.0.1:9400:9400"]}
    assert re.findall(r"^\s+server (\S+):9400 ", CONF, re.MULTILINE) == list(APPS)
    assert re.findall(r"^\s+listen (\d+);", CONF, re.MULTILINE) == ["9400"]


# nginx


@pytest.fixture(scope="module")
def farm(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """Two processes on one database."""
    with postgres_server.database() as url, running_farm(tmp_path_factory.mktemp("farm"), url, 2) as farm:
        yield farm


@contextmanager
def balancing(nginx: str, folder: Path, farm: Farm) -> Iterator[str]:
    """Run nginx with the repository's file, at another port and before processes of this machine."""
    port = free_port()
    conf = CONF.replace("listen 9400;", f"listen 127.0.0.1:{port};")
    for name, at in zip(APPS, farm.ports, strict=True):
        conf = conf.replace(f"server {name}:9400", f"server 127.0.0.1:{at}")
    # Where it may write, whoever runs it.
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(conf.replace("http {", f"http {{ {own}", 1))
    folder.chmod(0o755)
    command = [nginx, "-p", folder, "-c", file, "-e", folder / "error.log"]
    user = "user root; " if os.geteuid() == 0 else ""
    rest = ["-g", f"{user}daemon off; pid {folder / 'nginx.pid'};"]
    tested = subprocess.run([*command, "-t", *rest], capture_output=True, text=True, check=False, timeout=60)
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr
    process = subprocess.Popen([*command, *rest])
    try:
        adapter = requests.adapters.HTTPAdapter(max_retries=requests.adapters.Retry(20, backoff_factor=0.05))
        with requests.Session() as session:
            session.mount("http://", adapter)
            session.get(f"http://127.0.0.1:{port}/_sandbox/health", timeout=PATIENCE).raise_for_status()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def log_in(origin: str) -> dict[str, Any]:
    """A whole login, each step by a connection of its own; what userinfo says in the end."""
    host = {"Host": PUBLIC_URL.partition("//")[2]}
    asked = {"client_id": CLIENT, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    sent_back = requests.get(
        f"{origin}/oidc/main/authorize", asked, headers=host, allow_redirects=False, timeout=PATIENCE
    )
    form = {
        "grant_type": "authorization_code",
        "code": query(sent_back.headers["Location"])["code"],
        "redirect_uri": CALLBACK,
    }
    tokens = requests.post(
        f"{origin}/oidc/main/token", form, headers=host, auth=(CLIENT, SECRET), timeout=PATIENCE
    ).json()
    bearer = {**host, "Authorization": f"Bearer {tokens['access_token']}"}
    person: dict[str, Any] = requests.get(f"{origin}/oidc/main/userinfo", headers=bearer, timeout=PATIENCE).json()
    return person


@pytest.mark.postgres
def test_a_login_goes_through_nginx_and_on_without_one_of_the_processes(nginx, farm, tmp_path):
    with balancing(nginx, tmp_path, farm) as origin:
        host = {"Host": PUBLIC_URL.partition("//")[2]}
        found = requests.get(f"{origin}/oidc/main/.well-known/openid-configuration", headers=host, timeout=PATIENCE)
        subjects = {log_in(origin)["sub"] for _ in range(4)}
        foreign = requests.get(f"{origin}/", headers={"Host": "evil.test"}, timeout=PATIENCE)

        farm.kill(0)
        subjects |= {log_in(origin)["sub"] for _ in range(4)}

    assert found.json()["issuer"] == f"{PUBLIC_URL}/oidc/main"
    assert foreign.status_code == 421
    assert len(subjects) == 1
