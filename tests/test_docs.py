"""The documentation is complete and says nothing that is not so: held against the code, page by page."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from sandbox import Config, __version__
from sandbox.config import environment_name
from sandbox.core.fixtures import shipped
from sandbox.core.refusals import Reason
from sandbox.services import SERVICES
from tests.docs.markdown import PAGES, ROOT, anchors, blocks, code, links, name, plain, prose, read, rows, sections

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
Endpoint = tuple[str, str]

every_page = pytest.mark.parametrize("page", PAGES, ids=name)
every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.slug)


# Options


@pytest.mark.parametrize("option", dataclasses.fields(Config), ids=lambda option: option.name)
def test_every_option_is_in_the_readme(option):
    flag = f"--{option.name.replace('_', '-')} {option.metadata['metavar']}".rstrip()
    (row,) = [cells for cells in rows(read("README.md")) if cells[0] == f"`{flag}`"]

    assert code(row[1]) == [environment_name(option.name)]
    assert code(row[2]) == ([] if option.default in (None, (), False) else [str(option.default)])
    assert row[3].endswith(".")


def test_the_readme_has_no_option_that_is_not_there():
    text = read("README.md")
    documented = set(re.findall(r"IDP_SANDBOX_[A-Z_]+", text))

    assert documented == {environment_name(option.name) for option in dataclasses.fields(Config)}


# Services


def without_names(path: str) -> str:
    """The path with its variables as `{}`, whatever they are called and however they are written."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", path)


def served(app: Flask, slug: str) -> set[Endpoint]:
    """The endpoints of a room; those that only refuse are none."""
    return {
        (method, without_names(rule.rule.removeprefix(f"/{slug}")))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{slug}.") and "refuse" not in rule.endpoint
        for method in (rule.methods or set()) & METHODS
        if method != "OPTIONS" or not rule.provide_automatic_options
    }


def documented(service: Any) -> set[Endpoint]:
    """The endpoints that the tables of a room's page name: a method, and a path in full or below the base path."""
    found = set()
    for cells in rows(read(f"docs/services/{service.slug}.md")):
        words = " ".join(code(" ".join(cells[:2]))).split() if len(cells) > 1 else []
        methods = METHODS & {word.strip(",") for word in words}
        for path in (word for word in words if word.startswith("/")):
            full = path if any(path.startswith(root) for root in service.roots) else service.base_path + path
            found |= {(method, without_names(full)) for method in methods}
    return found


@every_service
def test_every_endpoint_is_on_the_page_of_its_service_and_no_other(app, service):
    assert documented(service) == served(app, service.slug)


def texts(words: Any) -> Iterator[str]:
    """What a dialect puts into an answer for a reason; addresses and lists left out."""
    if isinstance(words, str):
        members: list[Any] = [words]
    elif dataclasses.is_dataclass(words):
        members = [getattr(words, member.name) for member in dataclasses.fields(words)]
    else:
        members = list(words.values() if isinstance(words, Mapping) else words)
    return (member for member in members if isinstance(member, str) and not member.startswith("http"))


@every_service
def test_the_words_of_every_refusal_are_on_the_page_of_the_service(service):
    page = plain(read(f"docs/services/{service.slug}.md"))
    spoken = {plain(text) for words in service.words.values() for word in words.values() for text in texts(word)}

    assert {text for text in spoken if text not in page} == set()


def said_together(service: Any) -> list[tuple[set[str], str]]:
    """The reasons and the text of each table row and paragraph of a room's page."""
    page = read(f"docs/services/{service.slug}.md")
    units = [line for line in prose(page).splitlines() if line.startswith("|")]
    units += [part for part in prose(page).split("\n\n") if not part.startswith("|")]
    return [({word for word in code(unit) if word in Reason.__members__}, plain(unit)) for unit in units]


@every_service
def test_the_reasons_of_every_refusal_stand_beside_its_words(service):
    """What a dialect says for most reasons is its `otherwise`: the page need not list who has no words of their own."""
    together = said_together(service)
    for dialect, words in service.words.items():
        otherwise = max(words.values(), key=list(words.values()).count)
        for reason, word in words.items():
            if word != otherwise:
                spoken = [plain(text) for text in texts(word)]
                beside = any(reason in reasons and all(text in unit for text in spoken) for reasons, unit in together)
                assert beside, f"{dialect}: {reason} is {spoken}"


@every_service
def test_a_page_names_no_reason_that_is_not_there(service):
    named = {word for cell in code(read(f"docs/services/{service.slug}.md")) for word in re.findall(r"[A-Z_]+", cell)}
    reasons = {reason.value for reason in Reason}
    lookalikes = {word for word in named if any(word.startswith(f"{first}_") for first in ("CODE", "TOKEN", "CLIENT"))}

    assert lookalikes <= reasons


@every_service
def test_every_service_is_in_the_readme(service):
    text = sections(read("README.md"))["Services"]
    (row,) = [cells for cells in rows(text) if cells[0] == service.title]

    assert row[1] == service.kind
    assert {path for path in service.roots if path != "/avatars"} <= set(code(row[2]))
    assert f"docs/services/{service.slug}.md" in row[3]


def test_the_switches_of_github_are_on_its_page():
    definitions = schema()["$defs"]
    text = sections(read("docs/services/github.md"))["Switches in the fixture"]
    switches = {*definitions["githubApplication"]["properties"], *definitions["githubSettings"]["properties"]}

    assert switches - {"type", "id", "homepage_url", "owner"} <= set(code(text))


# Reasons


def test_every_reason_is_explained_once_and_no_other():
    named = [code(cells[0])[0] for cells in rows(read("docs/reasons.md")) if code(cells[0])]

    assert sorted(named) == sorted(reason.value for reason in Reason)


def test_every_reason_has_a_cause_and_an_advice():
    for cells in rows(read("docs/reasons.md")):
        if code(cells[0]):
            assert len(cells) == 3, cells
            assert all(cell.endswith((".", "*")) for cell in cells[1:]), cells


# Fixtures


def schema() -> dict[str, Any]:
    return json.loads(shipped("schema.json").read_text(encoding="utf-8"))


def objects(rule: dict[str, Any], path: str = "", of: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the schema with its path, and its service where that decides: `clients[].settings` of github."""
    shared = schema()["$defs"]
    if "$ref" in rule:
        rule = {**shared[rule["$ref"].rpartition("/")[2]], **rule}
    if "items" in rule:
        yield from objects(rule["items"], f"{path}[]", of)
    if "properties" in rule:
        yield f"`{path}`{of}" if path else "The file", rule
        for key, member in rule["properties"].items():
            yield from objects(member, f"{path}.{key}".lstrip("."), of)
        for case in rule.get("allOf", ()):
            (service,) = re.findall("[a-z][a-z-]*", case["if"]["properties"]["service"]["pattern"])
            for key, member in case["then"]["properties"].items():
                yield from objects(member, f"{path}.{key}", f" of {service}")


def section_on(path: str) -> str:
    """The section of the page on fixtures that describes an object; those that are alike share one."""
    (text,) = [
        text
        for heading, text in sections(read("docs/fixtures.md")).items()
        if path in re.split("(?:,| and )+", heading)
    ]
    return text


@pytest.mark.parametrize(
    ("path", "rule"), list(objects(schema())), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_of_a_fixture_is_documented_with_its_default_and_in_the_words_of_the_schema(path, rule):
    keys = {code(cells[0])[0]: cells[1:] for cells in rows(section_on(path)) if code(cells[0])}

    assert list(keys) == list(rule["properties"])
    for key, member in rule["properties"].items():
        whole = {**schema()["$defs"].get(member.get("$ref", "").rpartition("/")[2], {}), **member}
        default = f"`{json.dumps(whole['default'])}`" if "default" in whole else "*none*"
        assert keys[key][0] == ("*required*" if key in rule.get("required", ()) else default), key
        assert keys[key][1].startswith(whole["description"]), key


def test_the_page_tells_of_everyone_in_the_shipped_cast():
    cast = yaml.safe_load(shipped("default.yaml").read_text(encoding="utf-8"))
    text = sections(read("docs/fixtures.md"))["The shipped cast"]
    first = {code(cells[0])[0]: cells[1:] for cells in rows(text) if code(cells[0])}

    for person in cast["identities"]:
        assert first.pop(person["login"]) == [person["purpose"]]
    for client in cast["clients"]:
        assert code(first.pop(client["client_id"])[1]) == client["redirect_uris"]
    assert first == {}
    assert f"The shipped cast has {len(cast['identities'])} people" in plain(read("README.md"))
    assert f"{len(cast['identities'])} people and {len(cast['clients'])} applications" in read("CHANGELOG.md")


# The house


def test_everything_at_the_top_of_the_package_is_in_the_tree():
    (tree,) = [block for block in blocks(read("docs/architecture.md"), "text") if block.startswith("app.py")]
    listed = re.findall(r"^  (\S+)  ", tree, re.MULTILINE)
    here = (path for path in (ROOT / "sandbox").iterdir() if path.name != "__pycache__")

    assert sorted(listed) == sorted(f"{path.name}/" if path.is_dir() else path.name for path in here)


def test_the_files_that_the_architecture_names_are_there():
    for path in re.findall(r"`((?:core|web|protocol|providers|exchanges)/[\w/]+\.py)`", read("docs/architecture.md")):
        assert (ROOT / "sandbox" / path).is_file(), path


def requirement_names(lines: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~!; ]", line)[0] for line in lines if line.strip() and not line.startswith("#")}


def test_every_dependency_has_its_reason():
    project = tomllib.loads(read("pyproject.toml"))
    needed = requirement_names(read("requirements.txt").splitlines())
    needed |= requirement_names(project["project"]["optional-dependencies"]["test"])
    needed |= requirement_names(project["build-system"]["requires"])
    needed |= set(json.loads(read("tests/interop/node/package.json")).get("dependencies", {}))
    needed |= set(json.loads(read("examples/javascript/package.json"))["devDependencies"])
    reasons = {cells[0]: cells[1] for cells in rows(read("docs/dependencies.md"))}

    assert needed - set(reasons) == set()


def test_every_make_target_is_in_the_guide():
    targets = re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE)
    documented = {text for cells in rows(read("CONTRIBUTING.md")) for text in code(cells[0])}

    assert {f"make {target}" for target in targets} - {"make help"} == documented


def test_every_decision_is_listed():
    pages = {path.name for path in (ROOT / "docs/decisions").glob("0*.md")}

    assert set(links(read("docs/decisions/README.md"))) == pages
    for page in pages:
        headings = list(sections(read(f"docs/decisions/{page}")))
        assert headings[0].startswith(f"{page[:4]}: ")
        assert headings[1:] == ["Context", "Decision", "Consequences"]


def test_the_changelog_knows_this_version():
    assert f"## [{__version__}]" in read("CHANGELOG.md")


# Every page


@every_page
def test_links_lead_somewhere(page):
    for link in links(read(page)):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(read(target)), link


@every_page
def test_a_page_names_no_place_of_somebodys_machine(page):
    assert re.findall(r"(?<![\w.}:/])/(?:home|root|work|Users|tmp|mnt|var|opt)/\S*", read(page)) == []


@every_page
def test_python_examples_are_python(page):
    for block in blocks(read(page), "python"):
        compile(block, name(page), "exec")


@every_page
def test_prose_fits_the_line(page):
    long = [line for line in prose(read(page)).splitlines() if len(line) > 120 and not line.startswith("|")]

    assert long == []


@pytest.mark.parametrize("folder", ["sandbox", "tests", "templates"])
def test_pages_that_the_code_names_are_there(folder: str):
    for file in (ROOT / folder).rglob("*.py"):
        for page in re.findall(r"\bdocs/[\w/-]+\.md", file.read_text(encoding="utf-8")):
            assert Path(ROOT / page).is_file(), f"{file.name}: {page}"
