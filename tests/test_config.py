"""Options come from one table: defaults < file < environment < command line."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from sandbox import Config
from sandbox.cli import cli
from sandbox.config import ConfigError, data_folder, environment_name, load_config


def test_the_defaults_are_those_of_the_table():
    assert load_config({}, environ={}) == Config()
    assert (Config().host, Config().port, Config().approval) == ("127.0.0.1", 9400, "ask")
    assert (Config().tls, Config().tls_port, Config().tls_name) == (False, 9443, ())


def test_each_source_wins_over_the_one_before(tmp_path):
    file = tmp_path / "sandbox.yaml"
    file.write_text("port: 1001\nhost: 127.0.0.2\napproval: hint\npublic-url: https://idp.example.test/\n")
    environ = {"IDP_SANDBOX_PORT": "1002", "IDP_SANDBOX_APPROVAL": "always=alice"}

    config = load_config({"port": "1003", "random_seed": None}, file=file, environ=environ)

    assert (config.host, config.port, config.approval) == ("127.0.0.2", 1003, "always=alice")
    assert config.public_url == "https://idp.example.test"


def test_values_are_parsed():
    config = load_config({"random_seed": "7", "fixtures": "a.yaml", "allowed_hosts": "A.test, b.test,"}, environ={})

    assert (config.random_seed, config.fixtures, config.allowed_hosts) == (7, Path("a.yaml"), ("a.test", "b.test"))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("port", "0", "from 1 to 65535"),
        ("port", "http", "invalid literal"),
        ("random_seed", "x", "invalid literal"),
        ("approval", "never", "one of ask, hint, always=NAME"),
        ("approval", "always=", "one of ask, hint, always=NAME"),
        ("public_url", "localhost:9400", "an http or https URL"),
        ("public_url", "https://h/path", "leave the path out"),
        ("public_url", "javascript:alert(1)", "an http or https URL"),
        ("tls", "maybe", "one of true, false, "),
        ("tls_port", "65536", "from 1 to 65535"),
        ("tls_name", "idp.test,no_name", "'no_name' is no host name and no IP address"),
        ("tls_name", "*.idp.test", "no host name"),
        ("tls_name", "https://idp.test", "no host name"),
        ("tls_name", "-idp.test", "no host name"),
        ("tls_name", f"{'a' * 64}.test", "no host name"),
        ("tls_name", "fe80::1%eth0", "no host name"),
        ("nonsense", "1", "unknown option 'nonsense'"),
    ],
)
def test_an_impossible_value_is_named(name, value, message):
    with pytest.raises(ConfigError, match=message) as error:
        load_config({name: value}, environ={})
    assert name in str(error.value)
    assert "command line" in str(error.value)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("ON", True), ("no", False), ("0", False)])
def test_a_switch_of_the_environment_is_on_or_off(text, value):
    assert load_config({}, environ={"IDP_SANDBOX_TLS": text}).tls is value


def test_a_switch_of_the_command_line_wins(tmp_path):
    file = tmp_path / "sandbox.yaml"
    file.write_text("tls: true\ntls-port: 9444\ntls-name: [Idp.test, 10.0.0.1]\n")

    from_file = load_config({"tls": None}, file=file, environ={})
    from_environment = load_config({"tls": None}, file=file, environ={"IDP_SANDBOX_TLS": "off"})

    assert (from_file.tls, from_file.tls_port, from_file.tls_name) == (True, 9444, ("idp.test", "10.0.0.1"))
    assert from_environment.tls is False
    assert load_config({"tls": True}, file=file, environ={"IDP_SANDBOX_TLS": "off"}).tls is True


def test_two_listeners_need_two_ports():
    assert Config(port=9443).tls_port == 9443
    with pytest.raises(ConfigError, match="tls_port = '9443': http has this port already"):
        Config(port=9443, tls=True)


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/idp-sandbox"),
        ("linux", {}, "{home}/.local/share/idp-sandbox"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "{home}/.local/share/idp-sandbox"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "{home}/Library/Application Support/idp-sandbox"),
        ("win32", {"LOCALAPPDATA": "/Local"}, "/Local/idp-sandbox"),
        ("win32", {}, "{home}/AppData/Local/idp-sandbox"),
    ],
)
def test_the_data_folder_is_where_the_system_has_it(platform, environ, folder):
    assert data_folder(environ, platform) == Path(folder.format(home=Path.home()))


def test_a_person_without_a_home_is_told_to_name_a_folder(monkeypatch):
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)

    with pytest.raises(ConfigError, match="--tls-dir"):
        data_folder({}, "linux")


def test_the_folder_of_the_certificates_can_be_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    assert Config(tls_dir="tls").tls_folder == tmp_path / "tls"
    assert Config().tls_folder == data_folder()


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "\x00", "nonsense: 1"])
def test_a_broken_file_is_named(tmp_path, content):
    file = tmp_path / "broken.yaml"
    file.write_text(content)

    with pytest.raises(ConfigError, match=r"broken\.yaml"):
        load_config({}, file=file, environ={})


def test_an_empty_file_and_a_missing_one(tmp_path):
    empty = tmp_path / "empty.yaml"
    empty.write_text("")

    assert load_config({}, file=empty, environ={}) == Config()
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_config({}, file=tmp_path / "none.yaml", environ={})


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.1", False)],
)
def test_only_loopback_is_loopback(host, loopback):
    assert Config(host=host).is_loopback is loopback


def test_the_help_names_every_option_and_its_variable():
    text = CliRunner().invoke(cli, ["serve", "--help"], terminal_width=200).output

    for option in fields(Config):
        assert f"--{option.name.replace('_', '-')}" in text
        assert environment_name(option.name) in text
