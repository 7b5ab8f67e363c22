"""https as it is served: beside http on the same sandbox, by which versions, with which names, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import Config
from tests.docs.markdown import example
from tests.support.commands import run_here
from tests.support.components import free_port, miss
from tests.support.person import query
from tests.support.process import PATIENCE, PROGRAMS, Served, children, environment, run, serving

CLIENT = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
JSON = {"Accept": "application/json"}
NAMED = ("--tls-name", "idp.test,IDP2.test")
AUTHORIZE, TOKEN = "/login/oauth/authorize", "/login/oauth/access_token"

Serve = Callable[..., AbstractContextManager[Served]]
linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the processes where Linux lists them")


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serve http and https with options: `with serve("--random-seed", "7") as server:`."""
    return lambda *options: start(tmp_path, *options)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server of both, for the tests that change nothing."""
    folder = tmp_path_factory.mktemp("server")
    with start(folder, "--approval", "always=octocat", *NAMED) as server:
        yield server


def start(folder: Path, *options: str) -> AbstractContextManager[Served]:
    port, tls_port = free_port(), free_port()
    ports = ("--port", str(port), "--tls-port", str(tls_port))
    return serving(folder, port, "idp-sandbox", "serve", "--tls", *ports, *options, tls_port=tls_port)


def port_of(origin: str | None) -> int:
    return int(str(origin).rpartition(":")[2])


def is_free(origin: str | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port_of(origin))) != 0


def get(server: Served, path: str, name: str = "localhost", **options: Any) -> requests.Response:
    """Ask by https, as if `name` led to this machine: it is asked for in the handshake and in the Host header."""
    return requests.get(
        f"https://{name}:{port_of(server.tls_origin)}{path}", verify=server.ca_file, allow_redirects=False, **options
    )


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every name lead to this machine."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: resolve("127.0.0.1", *rest, **more))


def authorize(origin: str, ca_file: str | None = None) -> dict[str, str]:
    answer = requests.get(
        origin + AUTHORIZE, params={"client_id": CLIENT["client_id"]}, verify=ca_file, allow_redirects=False
    )
    return query(answer.headers["Location"])


def redeem(origin: str, code: str, ca_file: str | None = None) -> Any:
    return requests.post(origin + TOKEN, json={**CLIENT, "code": code}, headers=JSON, verify=ca_file).json()


# Names


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "github.localhost", "gmi.localhost", "idp.test", "idp2.test"]
)
def test_it_is_trusted_by_each_of_its_names(server, everywhere, name):
    assert get(server, "/", name).status_code != 421


def test_a_vendors_host_is_served_as_the_vendor_does(server, everywhere):
    answer = get(server, "/user", "api.github.com")

    assert answer.status_code == 401
    assert answer.json()["message"] == "Requires authentication"


def test_the_name_of_the_handshake_may_be_another_than_that_of_the_request(server):
    """As it is for a client that is led here by a proxy or a base URL, and names the vendor in the header alone."""
    answer = get(server, "/user", headers={"Host": "api.github.com"})

    assert answer.json()["message"] == "Requires authentication"


def test_another_name_is_refused_by_the_client(server, everywhere):
    with pytest.raises(requests.exceptions.SSLError, match=r"not valid for 'example\.test'"):
        get(server, "/", "example.test")


def test_who_does_not_trust_the_ca_refuses(server):
    with pytest.raises(requests.exceptions.SSLError, match="unable to get local issuer certificate"):
        requests.get(f"{server.tls_origin}/")


# Versions


def handshake(port: int, ca_file: str, version: ssl.TLSVersion, suites: str = "ALL:@SECLEVEL=0") -> tuple[str, str]:
    """The version and the suite that a client gets who takes these alone; raises OSError if the server refuses."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(suites)
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        name, got, _ = secure.cipher() or ("", "", 0)
        return got, name


OLD = [
    pytest.param(getattr(ssl.TLSVersion, name), id=name, marks=pytest.mark.filterwarnings("ignore:ssl.TLSVersion"))
    for name in ("TLSv1", "TLSv1_1")
]


def test_tls_1_3_is_spoken(server):
    assert handshake(port_of(server.tls_origin), server.ca_file, ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"


@pytest.mark.parametrize("version", [*OLD, ssl.TLSVersion.TLSv1_2])
def test_no_older_version_is_spoken(server, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(port_of(server.tls_origin), server.ca_file, version)


@pytest.mark.parametrize("version", OLD)
def test_a_tests_server_speaks_no_older_version_than_1_2(live_tls, ca, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(live_tls.port, str(ca.ca_file), version)


@pytest.mark.parametrize(
    ("version", "suites", "got"),
    [
        ("TLSv1_3", "DEFAULT", "TLSv1.3"),
        ("TLSv1_2", "ECDHE+AESGCM", "TLSv1.2"),
        ("TLSv1_2", "ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2"),
    ],
)
def test_a_tests_server_speaks_1_3_and_1_2_with_ecdhe_and_aes_gcm(live_tls, ca, version, suites, got):
    assert handshake(live_tls.port, str(ca.ca_file), ssl.TLSVersion[version], suites)[0] == got.replace("1_", "1.")


@pytest.mark.parametrize("suites", ["CHACHA20", "ECDHE+AES:!AESGCM", "ECDHE+AESCCM", "kRSA"])
def test_a_tests_server_takes_no_other_suite_of_1_2(live_tls, ca, suites):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(live_tls.port, str(ca.ca_file), ssl.TLSVersion.TLSv1_2, suites)


def test_a_tests_server_waits_for_no_silent_client(live_tls, ca):
    with socket.create_connection(("127.0.0.1", live_tls.port)):
        answer = requests.get(f"{live_tls.origin}/_sandbox/health", verify=str(ca.ca_file), timeout=PATIENCE)

    assert answer.status_code == 200


def test_a_tests_server_says_nothing_of_a_client_that_does_not_trust_it(live_tls, capfd):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(live_tls.origin, timeout=PATIENCE)
    with pytest.raises(requests.ConnectionError):
        requests.get(live_tls.origin.replace("https:", "http:"), timeout=PATIENCE)

    assert capfd.readouterr() == ("", "")


def test_a_tests_server_is_https_in_its_urls_too(live_tls, ca):
    device = requests.post(
        f"{live_tls.origin}/login/device/code", json=CLIENT, headers=JSON, verify=str(ca.ca_file), timeout=PATIENCE
    ).json()

    assert live_tls.origin.startswith("https://localhost:")
    assert device["verification_uri"] == f"{live_tls.origin}/login/device"


def test_the_test_of_the_page_passes(tmp_path):
    names: dict[str, Any] = {}
    exec(compile(example("docs/tls.md", "test").body, "docs/tls.md", "exec"), names)

    names["test_it_is_there"](tmp_path)


# One sandbox


def test_a_code_of_the_one_is_redeemed_at_the_other(server):
    of_http, of_https = authorize(server.origin), authorize(str(server.tls_origin), server.ca_file)

    by_https = redeem(str(server.tls_origin), of_http["code"], server.ca_file)
    by_http = redeem(server.origin, of_https["code"])
    again = redeem(server.origin, of_http["code"])

    assert by_https["access_token"].startswith("gho_")
    assert by_http["access_token"].startswith("gho_")
    assert again["error"] == "bad_verification_code"


def test_each_request_is_answered_with_its_own_origin(server):
    assert authorize(server.origin)["iss"] == f"{server.origin}/login/oauth"
    assert authorize(str(server.tls_origin), server.ca_file)["iss"] == f"{server.tls_origin}/login/oauth"


def test_a_public_url_is_what_both_carry(serve):
    with serve("--public-url", "https://idp.example.test", "--approval", "always=octocat") as server:
        issuers = {authorize(server.origin)["iss"], authorize(str(server.tls_origin), server.ca_file)["iss"]}

    assert issuers == {"https://idp.example.test/login/oauth"}


def test_a_seed_gives_each_listener_ids_of_its_own(tmp_path):
    def codes(*options: str) -> list[str]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        with start(folder, "--random-seed", "7", "--approval", "always=octocat") as server:
            secure = [authorize(str(server.tls_origin), server.ca_file)["code"] for _ in range(2)]
            return [authorize(server.origin)["code"] for _ in range(2)] + secure

    first, again = codes(), codes()
    with serving(tmp_path, port := free_port(), "idp-sandbox", "serve", f"--port={port}", "--random-seed=7",
                 "--approval=always=octocat") as server:  # fmt: skip
        plain = [authorize(server.origin)["code"] for _ in range(2)]

    assert first == again
    assert len(set(first)) == 4
    assert plain == first[:2]


# Starting


def test_it_says_where_https_is_and_how_to_trust_it(server):
    *three, tls = server.printed.splitlines()

    assert [line.partition(":")[0] for line in three] == ["Click", "API", "Sign in"]
    command = f"idp-sandbox ca --tls-port {port_of(server.tls_origin)} --tls-dir {server.folder / 'tls'}"
    assert tls == f"TLS:     {server.tls_origin}/ (`{command}` says how to trust it)"


def test_a_second_start_keeps_the_ca_and_the_certificate(server, tmp_path):
    shutil.copytree(server.folder / "tls", tmp_path / "tls")
    kept = {path.name: path.read_bytes() for path in (tmp_path / "tls").iterdir()}

    with start(tmp_path, *NAMED):
        again = {path.name: path.read_bytes() for path in (tmp_path / "tls").iterdir()}

    assert again == kept


def test_a_tls_port_in_use_is_said_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(tmp_path, "serve", "--tls", "--port", str(free_port()), "--tls-port", str(port))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"idp-sandbox: cannot listen on 127.0.0.1:{port}: Address already in use; choose another with --tls-port\n"
    )
    assert not (tmp_path / "tls").exists()


def test_a_damaged_file_is_said_in_one_line(tmp_path):
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "ca-key.pem").write_text("nonsense")

    for command in (["serve", "--tls", "--port", str(free_port()), "--tls-port", str(free_port())], ["ca"]):
        ended = run(tmp_path, *command)

        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == (
            f"idp-sandbox: {tmp_path / 'tls' / 'ca-key.pem'} is damaged; delete it, and it is made anew\n"
        )


def test_without_tls_nothing_is_kept(tmp_path):
    with serving(tmp_path, port := free_port(), "idp-sandbox", "serve", "--port", str(port)):
        assert not (tmp_path / "tls").exists()


# Ending


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=lambda by: by.name)
def test_a_signal_ends_both(serve, by):
    with serve() as server:
        status = server.stop(by)

    assert status == 0
    assert is_free(server.origin)
    assert is_free(server.tls_origin)
    assert server.complained == ""
    assert server.temporary_files == []


def test_a_connection_that_stalls_does_not_keep_it_from_ending(serve):
    with serve() as server, socket.create_connection(("127.0.0.1", port_of(server.tls_origin))) as stalled:
        stalled.sendall(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a handshake
        assert server.stop() == 0

    assert is_free(server.tls_origin)


def await_free(*origins: str | None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(map(is_free, origins)):
        assert time.monotonic() < deadline, origins
        time.sleep(0.02)


@linux
@pytest.mark.parametrize("which", ["listener of https", "its worker", "worker of http"])
def test_when_one_dies_all_end(serve, which):
    with serve() as server:
        secure, plain = sorted(children(server.process.pid), key=lambda child: not children(child))
        os.kill({"listener of https": secure, "its worker": children(secure)[0], "worker of http": plain}[which], 9)

        assert server.process.wait(PATIENCE) == 1

    assert is_free(server.origin)
    assert is_free(server.tls_origin)
    if which != "worker of http":
        assert server.complained == "idp-sandbox: the https listener has ended unexpectedly\n"
    assert server.temporary_files == []


@linux
def test_no_process_outlives_one_that_was_killed(serve):
    with serve() as server:
        server.process.kill()
        server.process.wait(PATIENCE)

        await_free(server.origin, server.tls_origin)


def test_a_signal_that_comes_at_once_ends_it_too(tmp_path):
    process = subprocess.Popen(
        [PROGRAMS / "idp-sandbox", "serve", "--tls", "--port", str(free_port()), "--tls-port", str(free_port())],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)

        assert process.wait(PATIENCE) == 0


# idp-sandbox ca


def test_ca_makes_the_ca_that_serve_uses(tmp_path):
    shown = run_here(tmp_path, "ca").stdout

    with start(tmp_path) as server:
        assert requests.get(f"{server.tls_origin}/_sandbox/health", verify=server.ca_file).status_code == 200

    assert f"CA:       {tmp_path / 'tls' / 'ca.pem'}\n" in shown
    assert run(tmp_path, "ca").stdout == shown


def test_ca_shows_the_fingerprint_that_openssl_shows(tmp_path):
    if shutil.which("openssl") is None:
        miss("openssl", "sudo apt-get install openssl")
    shown = run_here(tmp_path, "ca").stdout

    command = ["openssl", "x509", "-in", tmp_path / "tls" / "ca.pem", "-noout", "-fingerprint", "-sha256"]
    fingerprint = subprocess.check_output(command, text=True).strip().partition("=")[2]

    assert f"SHA-256:  {fingerprint}\n" in shown


def test_ca_shows_how_each_client_trusts_it(tmp_path):
    shown = run_here(tmp_path, "ca").stdout

    ca_file = tmp_path / "tls" / "ca.pem"
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"):
        assert f"  export {name}={ca_file}\n" in shown
    assert "  export AZURE_AUTHORITY_HOST=https://localhost:9443\n" in shown
    assert f"keytool -importcert -noprompt -alias idp-sandbox -file {ca_file} -keystore {tmp_path}" in shown
    assert f"-Djavax.net.ssl.trustStore={tmp_path / 'tls' / 'truststore.p12'}" in shown
    assert f'certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n idp-sandbox -i {ca_file}\n' in shown
    assert "security add-trusted-cert" in shown
    assert f'certutil -user -addstore Root "{ca_file}"' in shown


def test_what_ca_prints_for_a_shell_can_be_evaluated(tmp_path):
    folder = tmp_path / "with space, 'quotes' and $HOME"
    folder.mkdir()
    script = (
        'eval "$(idp-sandbox ca --env)"; '
        'printf "%s\\n" "$REQUESTS_CA_BUNDLE" "$SSL_CERT_FILE" "$AZURE_AUTHORITY_HOST"; cat "$NODE_EXTRA_CA_CERTS"'
    )
    variables = environment(folder, PATH=f"{PROGRAMS}:{os.environ['PATH']}", IDP_SANDBOX_TLS_PORT="9999")

    printed = subprocess.check_output(["sh", "-euc", script], env=variables, text=True)

    ca_file = folder / "tls" / "ca.pem"
    assert printed == f"{ca_file}\n{ca_file}\nhttps://localhost:9999\n{ca_file.read_text()}"


def test_of_many_that_ask_at_once_all_are_told_the_same(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        shown = set(pool.map(lambda _: run(tmp_path, "ca").stdout, range(4)))

    assert len(shown) == 1


# One machine by two names


def test_a_start_that_mixes_loopback_names_warns(tmp_path):
    with serving(
        tmp_path, port := free_port(), "idp-sandbox", "serve", f"--port={port}", f"--public-url=http://127.0.0.1:{port}"
    ) as server:
        for _ in range(2):
            requests.get(f"{server.origin}/api/v3/user", headers={"Host": f"localhost:{port}"})

        at_start, at_run_time = server.complained.splitlines()

    assert at_start == (
        f"idp-sandbox: warning: issuers and all URLs carry http://127.0.0.1:{port}, not localhost; clients compare "
        "issuers byte for byte, so configure them with this name alone"
    )
    assert "a request came by the name localhost, but issuers carry" in at_run_time


def test_requests_by_another_loopback_name_are_warned_of_once_for_each(make_sandbox, caplog):
    sandbox = make_sandbox(Config(public_url="http://localhost:9400"))

    for host in ("127.0.0.1:9400", "127.0.0.1", "127.0.0.1:9400", "[::1]:9400", "localhost:9400", "evil.test"):
        sandbox.get("/api/v3/user", headers={"Host": host})

    names = [record.args[0] for record in caplog.records if record.name == "sandbox"]
    assert names == ["127.0.0.1", "[::1]"]
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert "issuers carry http://localhost:9400" in caplog.text


@pytest.mark.parametrize("public_url", [None, "https://idp.example.test"])
def test_without_a_loopback_public_url_nothing_is_warned_of(make_sandbox, caplog, public_url):
    sandbox = make_sandbox(Config(public_url=public_url))

    for host in ("127.0.0.1:9400", "localhost:9400"):
        sandbox.get("/api/v3/user", headers={"Host": host})

    assert caplog.records == []


def test_neither_health_nor_a_vendors_host_is_warned_of(make_sandbox, caplog):
    sandbox = make_sandbox(Config(public_url="http://localhost:9400"))

    sandbox.get("/_sandbox/health", headers={"Host": "127.0.0.1:9400"})
    sandbox.get("/user", headers={"Host": "api.github.com"})
    sandbox.get("/api/v3/user", headers={"Host": "github.localhost:9400"})

    assert caplog.records == []
