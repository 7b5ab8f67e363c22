"""The benchmark measures what it says: its generator against a small real server, and this sandbox once."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from bench import floor
from bench.chart import draw
from bench.connection import parse
from bench.cores import speed
from bench.figures import Figure, choose, percentile
from bench.flows import CODE, Request, Step, new_values
from bench.generator import Job, read_job, run
from bench.measuring import CONCURRENCIES, Bench, Plan, Result, prepare
from bench.report import find_remarks, print_report, to_document
from bench.serving import serve
from bench.targets.base import MissingError, Target
from bench.targets.own import Oidc
from tests.support.loops import apart

REDIRECT = b"HTTP/1.1 302 Found\r\nlocation: http://app.test/?code=abc&state=s\r\nContent-Length: 0\r\n\r\n"
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"id_to\r\n6\r\nken":1\r\n1\r\n}\r\n0\r\n\r\n'
UNAVAILABLE = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
LAST = b'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n{"id_token": 1}'
LOGIN = (
    Step("GET", "/authorize?state=$state&challenge=$challenge", keeps={"code": CODE}),
    Step("POST", "/token", {"Content-Type": "text/plain"}, "$code $verifier", needs='"id_token"'),
)


class Counted(socketserver.ThreadingTCPServer):
    """Answers a GET and a POST with given bytes; keeps the requests, and counts the connections."""

    daemon_threads = True

    def __init__(self, get: bytes, post: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.answers = {"GET": get, "POST": post}
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0


class Talk(socketserver.StreamRequestHandler):
    server: Counted

    def handle(self) -> None:
        self.server.connections += 1
        while line := self.rfile.readline().decode():
            headers = dict(header.split(": ", 1) for header in iter(lambda: self.rfile.readline().decode().strip(), ""))
            body = self.rfile.read(int(headers.get("Content-Length", 0)))
            self.server.requests.append((line, body))
            answer = self.server.answers[line.split()[0]]
            self.wfile.write(answer)
            if answer == LAST:
                return


@contextmanager
def answering(get: bytes = REDIRECT, post: bytes = CHUNKED) -> Iterator[Counted]:
    with Counted(get, post) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def generate(server: Counted, flows: int, concurrency: int = 1) -> Figure:
    job = Job("127.0.0.1", server.server_address[1], LOGIN, concurrency, seconds=20, flows=flows)
    return apart(lambda: asyncio.run(run(job)))


def figure(rate: float, disturbed: float = 0.0, failures: int = 0) -> Figure:
    times = {"p50": 1.0, "p95": 2.0, "p99": 3.0}
    return Figure(round(rate), round(rate * 2), failures, 1.0, times, times, 0.5, 0.1, disturbed, ["503 busy"])


# The generator


def test_each_client_does_its_logins_on_one_connection():
    with answering() as server:
        figure = generate(server, flows=12, concurrency=3)

        assert (figure.flows, figure.requests, figure.failures) == (12, 24, 0)
        assert server.connections == 3
        assert len(server.requests) == 24


def test_the_code_of_the_redirect_is_redeemed_with_the_verifier_of_the_login():
    with answering() as server:
        generate(server, flows=2)

    bodies = [body.split() for line, body in server.requests if line.startswith("POST")]
    assert {code for code, _ in bodies} == {b"abc"}
    assert len({verifier for _, verifier in bodies}) == 2


def test_a_refusal_is_a_failure_and_no_login():
    with answering(post=UNAVAILABLE) as server:
        figure = generate(server, flows=3)

    assert (figure.flows, figure.failures) == (0, 3)
    assert figure.examples == ["LoginFailedError: 503 busy"] * 3
    assert figure.cpu_ms == 0.0


def test_a_redirect_without_a_code_and_an_answer_without_a_token_are_failures():
    with answering(get=REDIRECT.replace(b"code=", b"oops=")) as server:
        assert "302 without code" in generate(server, flows=1).examples[0]
    with answering(post=CHUNKED.replace(b"id_to", b"id_ta")) as server:
        assert 'no "id_token" in' in generate(server, flows=1).examples[0]


def test_a_server_that_hangs_up_after_each_answer_is_asked_on_another_connection():
    with answering(post=LAST) as server:
        assert generate(server, flows=3).flows == 3
        assert server.connections == 3


def test_a_server_that_is_gone_is_a_failure():
    with answering() as server:
        pass
    figure = generate(server, flows=1)

    assert (figure.flows, figure.failures) == (0, 1)
    assert "ConnectionRefusedError" in figure.examples[0]


def test_a_job_survives_its_way_to_the_process_that_does_it():
    job = Job("127.0.0.1", 80, LOGIN, concurrency=8, seconds=1.0, cookies=["a=b"])

    again = read_job(json.loads(job.to_json()))

    assert (again.steps, again.cookies, again.concurrency) == (list(job.steps), ["a=b"], 8)


# Reading answers


@pytest.mark.parametrize("data", [REDIRECT, CHUNKED, UNAVAILABLE], ids=["empty", "chunked", "with a length"])
def test_an_answer_is_complete_at_its_last_byte_and_not_before(data):
    assert [end for end in range(len(data) + 1) if parse(data[:end])] == [len(data)]


def test_chunks_are_joined():
    answer = parse(CHUNKED)

    assert answer is not None
    assert (answer.status, answer.body) == (200, b'{"id_token":1}')


def test_a_body_without_a_length_ends_with_the_connection():
    assert parse(LAST) is None
    answer = parse(LAST, ended=True)
    assert answer is not None
    assert answer.body == b'{"id_token": 1}'


def test_what_is_not_http_is_said_to_be_none():
    with pytest.raises(ValueError, match="not an HTTP answer"):
        parse(b"SSH-2.0-server\r\n\r\n")


# Figures


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100), (0, 1)])
def test_percentiles_are_by_nearest_rank(percent, expected):
    assert percentile(range(100, 0, -1), percent) == expected


def test_the_figure_is_the_median_of_the_runs_that_nobody_disturbed():
    assert choose([figure(90), figure(10, disturbed=0.4), figure(30, disturbed=0.06), figure(80)]).rate == 80
    assert choose([figure(10, disturbed=0.4), figure(30, disturbed=0.3), figure(20, disturbed=0.2)]).rate == 20


@pytest.mark.parametrize("odd", [{"changed": 0.4}, {"speed": 0.6}, {"speed": 1.9}])
def test_a_run_on_a_core_that_is_not_as_fast_as_usual_is_disturbed(odd):
    assert replace(figure(100), **odd).is_disturbed
    assert not replace(figure(100), changed=0.1, speed=1.1).is_disturbed


def test_a_core_has_a_speed_and_whoever_asks_for_it_stays_where_it_was():
    allowed = os.sched_getaffinity(0)

    assert speed(min(allowed)) > 0
    assert os.sched_getaffinity(0) == allowed


# The report


class Absent(Target):
    name = "absent"

    def version(self) -> str:
        raise MissingError("absent is not installed")


def measured() -> Result:
    runs = {f"flows-{concurrency}": [figure(100.0)] for concurrency in CONCURRENCIES}
    return Result(Oidc(), "1.0", 2, runs, [0.5], {"first": {"pss": 10}, "last": {"pss": 11}}, 1_000)


def test_a_target_that_is_missing_is_named_with_its_reason():
    (result,) = Bench(Plan(rounds=1), say=lambda _: None).measure([Absent()])

    assert find_remarks([result]) == ["absent: skipped: absent is not installed"]
    assert to_document([result], result, Plan())["targets"][0]["skipped"] == "absent is not installed"


def test_failures_and_disturbed_runs_are_told():
    result = measured()
    result.runs["flows-8"] = [figure(50, disturbed=0.2, failures=7)]

    assert find_remarks([result]) == [
        "oidc: flows-8: 7 failed, 50 did not: 503 busy",
        "oidc: ~ others used a core, or it was not as fast as usual: flows-8",
    ]
    console = Console(width=125, record=True, file=io.StringIO())
    print_report(console, [result], result)
    assert "~50!" in console.export_text()


def test_the_chart_is_well_formed_and_tells_each_rate():
    root = ElementTree.fromstring(draw(to_document([measured()], measured(), Plan())))

    assert any("100/s" in (text.text or "") for text in root.iter("{http://www.w3.org/2000/svg}text"))


# This sandbox


def test_a_login_at_this_sandbox_verifies_and_can_be_repeated():
    target = Oidc()
    with serve(target) as served:
        ready = apart(lambda: prepare(served))
        job = Job("127.0.0.1", served.port, ready.steps, 2, seconds=60, flows=6, server_pid=served.pid)
        figure = apart(lambda: asyncio.run(run(job)))

    assert (figure.flows, figure.requests, figure.examples) == (6, 12, [])
    assert served.cold_start > 0


@pytest.mark.parametrize("target", [target for target in floor.TARGETS if isinstance(target, floor.Floor)])
def test_the_servers_that_check_nothing_answer_a_login(target):
    with serve(target) as served:
        job = Job("127.0.0.1", served.port, target.steps(served.port, {}), 2, seconds=60, flows=6)
        figure = apart(lambda: asyncio.run(run(job)))

    assert (figure.flows, figure.examples) == (6, [])


def test_the_requests_of_a_login_are_filled_anew_each_time():
    request = Request(LOGIN[0], "127.0.0.1:80")
    first, second = (request.render(new_values()) for _ in range(2))

    assert first.startswith(b"GET /authorize?state=")
    assert first.endswith(b"\r\n\r\n")
    assert first != second
