"""What holds for every command: what it loads, how it complains, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from sandbox import Config
from sandbox.threads import ThreadServer
from tests.support.commands import COMMANDS
from tests.support.components import free_port
from tests.support.process import PATIENCE, PROGRAMS, environment, run

# Those that talk to a running sandbox, each with what it needs.
REMOTE = [
    ("clock",),
    ("clock", "set", "0"),
    ("clock", "freeze"),
    ("clock", "thaw"),
    ("clock", "advance", "1m"),
    ("faults", "arm", "github: bad-verification-code"),
    ("faults", "list"),
    ("faults", "clear"),
    ("fixtures", "export"),
    ("journal",),
    ("journal", "--follow"),
    ("login", "github", "--as", "octocat"),
    ("mint",),
    ("mint", "github", "access_token", "--as", "octocat"),
    ("reset",),
    ("snapshot", "-"),
    ("verdict",),
    ("worlds",),
    ("worlds", "new", "t1"),
    ("worlds", "delete", "t1"),
]


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    assert line.startswith("idp-sandbox: ")
    return line


@pytest.fixture
def impostor() -> Iterator[str]:
    """The origin of a server that is no sandbox, and answers everything with the same page."""
    app = Flask("impostor")
    app.before_request(lambda: "<p>hi")
    with ThreadServer(app) as server:
        yield server.origin


# What is loaded


def test_the_help_waits_for_nothing_heavy():
    script = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from sandbox.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "print(*{'flask', 'sqlalchemy', 'rich', 'requests', 'granian', 'cryptography'} & set(sys.modules))\n"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_but_the_first_three_gives_json(name):
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}

    assert ("--json" in options) == (name not in {"serve", "ca", "snippet"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_its_help(name):
    command = COMMANDS[name]

    assert command.help
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or (parameter.help or "").endswith((".", "]")), parameter.name


# What goes wrong


@pytest.mark.parametrize("arguments", REMOTE, ids=" ".join)
def test_a_sandbox_that_does_not_run_is_said_with_what_to_type(command, arguments):
    ended = command(*arguments, IDP_SANDBOX_URL=f"http://127.0.0.1:{free_port()}")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "`idp-sandbox serve`" in one_line(ended.stderr)


@pytest.mark.parametrize("arguments", [("clock",), ("fixtures", "export"), ("worlds", "new", "x")], ids=" ".join)
def test_what_is_no_sandbox_is_said(command, impostor, arguments):
    ended = command(*arguments, "--url", impostor, "--json")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no sandbox" in one_line(ended.stderr)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("clock", "advance", "soon"), "'soon' is no span of time"),
        (("clock", "advance", "1m1m"), "'1m1m' is no span of time"),
        (("clock", "nonsense"), "No such command 'nonsense'"),
        (("clock", "--nonsense"), "No such option"),
        (("clock", "--url", "localhost:9400"), "no http or https address"),
        (("clock", "--url", "http://[::1"), "no http or https address"),
        (("nonsense",), "No such command 'nonsense'"),
        (("login", "github"), "Missing option '--as'"),
        (("mint", "github"), "a KIND is needed"),
        (("mint", "github", "access_token", "--claim", "sub"), "'sub' is not NAME=VALUE"),
        (("faults", "arm", "x", "--times", "1", "--always"), "exclude each other"),
        (("restore", "absent.json"), "absent.json: cannot be read: No such file"),
        (("worlds", "new", "x", "--fixture", "absent.yaml"), "absent.yaml: cannot be read: No such file"),
        (("routes", "--service", "nonsense"), "there is no service called 'nonsense'; there are github, "),
        (("clock", "--url", "x\x1b[31m\ny"), "'x\\x1b[31m\\ny' is no http"),
    ],
)
def test_an_impossible_command_is_said_in_one_line(command, arguments, complaint):
    ended = command(*arguments)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert complaint in one_line(ended.stderr)
    assert "\x1b" not in ended.stderr


def test_a_refusal_is_said_in_one_line_with_its_reason(program):
    ended = program("worlds", "delete", "nobody")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "nobody" in one_line(ended.stderr)


class TestWithAToken:
    @pytest.fixture
    def config(self) -> Config:
        return Config(control_token="a-token-of-its-own")

    def test_a_sandbox_that_wants_a_token_says_how_to_give_it(self, program):
        for given in ((), ("--token", "another-token")):
            ended = program("clock", *given)

            assert (ended.returncode, ended.stdout) == (2, "")
            assert "--token or IDP_SANDBOX_TOKEN" in one_line(ended.stderr)

    @pytest.mark.parametrize("variable", ["IDP_SANDBOX_TOKEN", "IDP_SANDBOX_CONTROL_TOKEN"])
    def test_the_token_comes_from_the_command_line_or_the_environment(self, program, variable):
        assert program("clock", "--token", "a-token-of-its-own").returncode == 0
        assert program("clock", **{variable: "a-token-of-its-own"}).returncode == 0


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [PROGRAMS / "idp-sandbox", "fixtures", "schema"],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(writer)

    assert (ended.returncode, ended.stderr) == (1, b"")


# As a process


@pytest.mark.parametrize(
    "arguments",
    [("clock", "--json"), ("worlds",), ("faults",), ("clock", "advance", "soon"), ("worlds", "delete", "nobody")],
    ids=" ".join,
)
def test_the_program_does_what_the_command_line_does_in_a_process_of_its_own(tmp_path, live, program, arguments):
    program("clock", "freeze")
    here = program(*arguments)

    there = run(tmp_path, *arguments, IDP_SANDBOX_URL=live.origin)

    assert (there.returncode, there.stderr) == (here.returncode, here.stderr)
    assert re.sub('"offset": .*', "", there.stdout) == re.sub('"offset": .*', "", here.stdout)


# What a shell completes


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(tmp_path, shell):
    plain = run(tmp_path, "completion", shell)
    document = json.loads(run(tmp_path, "completion", shell, "--json").stdout)

    assert plain.returncode == 0
    assert f"_IDP_SANDBOX_COMPLETE={shell}_complete" in plain.stdout
    assert document == {"shell": shell, "script": plain.stdout.rstrip("\n")}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("idp-sandbox clo", "clock"),
        ("idp-sandbox clock adv", "advance"),
        ("idp-sandbox routes --service git", "github"),
    ],
)
def test_bash_completes_commands_and_services(tmp_path, line, word):
    (tmp_path / "completion").write_text(run(tmp_path, "completion", "bash").stdout)
    script = (
        "source completion\n"
        f"COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        "_idp_sandbox_completion idp-sandbox\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    own = {**environment(tmp_path), "PATH": f"{Path(PROGRAMS)}:{os.environ['PATH']}"}

    ended = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=own, capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert ended.stdout.split() == [word]
