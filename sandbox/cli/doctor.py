"""`doctor`: what is wrong with this machine or this configuration, and what to type."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from sandbox.cli.options import as_json, configured
from sandbox.cli.show import echo_json, echo_line

_STYLES = {"OK": "green", "WARN": "yellow", "FAIL": "bold red"}


@click.command()
@configured("host", "port", "fixtures", "database", "public_url", "tls", "tls_port", "tls_name", "tls_dir")
@as_json
def doctor(file: Path | None, as_json: bool, **flags: Any) -> None:
    """Say what is wrong with the machine or the options.

    Each line is OK, WARN or FAIL, with what to type; the exit status is 1 if one is FAIL.
    """
    # Imported here, so that --help answers at once.
    from sandbox.doctor import examine  # noqa: PLC0415

    findings = list(examine(flags, file))
    failed = any(finding.status == "FAIL" for finding in findings)
    if as_json:
        echo_json({"ok": not failed, "checks": [dataclasses.asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            echo_line(
                [(f"{finding.status:<4}", _STYLES[finding.status]), (f"{finding.check}:", "bold"), (finding.found, "")]
            )
            if finding.remedy:
                echo_line([("    ", ""), ("->", "bold"), (finding.remedy, "")])
    if failed:
        raise click.exceptions.Exit(1)


COMMANDS = (doctor,)
