"""The house rules that no linter knows: who may import whom, where vendors are named, how long a file may be."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.services import SERVICES

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PACKAGE = ROOT / "sandbox"
FILES = sorted(PACKAGE.rglob("*.py"))
HARD_LIMIT, TEST_LIMIT = 400, 500

# For each part of the house: what it may import of the others, and which libraries.
CORE = {"sqlalchemy", "jwt", "cryptography", "yaml", "jsonschema"}
FLASK = {"flask", "werkzeug", "markupsafe"}
RULES: dict[str, tuple[set[str], set[str]]] = {
    "application": (set(), {"authlib", "joserfc"}),
    "core": ({"core"}, CORE),
    "protocol": ({"protocol", "core"}, {"sqlalchemy", "requests", "urllib3", "authlib"}),
    "providers": ({"protocol", "core", "headless", "service", "mounts", "browser", "picker"}, FLASK | {"graphql"}),
    "exchanges": ({"protocol", "core", "headless", "service", "mounts", "browser", "relying_party"}, FLASK),
    "headless": ({"protocol", "core", "mounts"}, set()),
    "browser": ({"protocol", "core", "service"}, FLASK),
    "picker": ({"protocol", "core", "browser"}, FLASK),
    "relying_party": ({"protocol", "core", "service", "mounts"}, FLASK),
    "web": (
        {"web", "application", "config", "core", "headless", "service", "mounts"},
        FLASK | {"flask_sqlalchemy", "jinja2", "yaml"},
    ),
    "config": (set(), {"yaml"}),
    "mounts": ({"core"}, set()),
    "service": ({"config", "core", "headless", "mounts"}, FLASK | {"sqlalchemy"}),
    "services": ({"providers", "exchanges", "service"}, set()),
    "factory": (
        {"config", "core", "mounts", "service", "services", "web"},
        FLASK | {"flask_sqlalchemy", "sqlalchemy"},
    ),
    "certificates": ({"config", "core"}, {"cryptography", "trustme"}),
    "server": ({"certificates", "config", "core", "factory", "services", "workers"}, set()),
    "workers": ({"config", "factory", "sweeping"}, FLASK | {"granian"}),
    "sweeping": ({"core", "service"}, set()),
    "threads": ({"certificates"}, FLASK),
    "client": ({"client"}, {"requests"}),
    "local": ({"certificates", "client", "config", "factory", "server", "threads"}, FLASK),
    "playwright": (set(), {"playwright"}),
    "pytest_plugin": ({"client", "core", "local"}, {"pytest"}),
    "trust": ({"certificates"}, set()),
    "snippets": ({"config", "core", "factory", "mounts", "service", "services", "web"}, set()),
    "doctor": (
        {"certificates", "config", "core", "doctor", "server", "services", "trust"},
        {"cryptography", "sqlalchemy"},
    ),
    "cli": (
        {
            "certificates",
            "cli",
            "client",
            "config",
            "core",
            "doctor",
            "factory",
            "mounts",
            "server",
            "services",
            "snippets",
            "trust",
        },
        {"click", "rich"},
    ),
    "__init__": ({"client", "config", "factory", "local"}, set()),
}


def part(module: tuple[str, ...]) -> str:
    return module[1] if len(module) > 1 else "__init__"


def imports(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            names = [alias.name for alias in node.names]
            module = node.module or ""
            # `from sandbox.core import tables` reaches into sandbox.core.tables.
            yield from ((node.lineno, f"{module}.{name}" if module == "sandbox" else module) for name in names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_each_part_imports_only_what_it_may(file):
    own = file.relative_to(PACKAGE).with_suffix("").parts
    parts, libraries = RULES[own[0]]
    for line, name in imports(file):
        top, *rest = name.split(".")
        where = f"{file.name}:{line} imports {name}"
        if top != "sandbox":
            assert top in libraries or top in sys.stdlib_module_names, where
            continue
        assert rest[0] in parts or tuple(rest[:2]) == own[:2], where
        if own[0] in ("providers", "exchanges") and rest[0] in ("providers", "exchanges"):
            assert tuple(rest[:2]) == own[:2], f"{where}: rooms never meet"


@pytest.mark.parametrize(
    "file", sorted((PACKAGE / "web").rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE / "web"))
)
def test_the_pages_use_the_control_api_and_that_uses_the_rest_of_the_face(file):
    """Never the other way round: whatever is imported first, nothing goes in circles."""
    part = file.relative_to(PACKAGE / "web").parts[0]
    closed: set[str] = {"pages": set(), "control": {"pages"}}.get(part, {"pages", "control"})
    for line, name in imports(file):
        _, _, there = name.partition("sandbox.web.")
        assert there.split(".")[0] not in closed, f"{file.name}:{line} imports {name}"


@pytest.mark.parametrize(
    "file",
    [
        file
        for file in FILES
        if file.relative_to(PACKAGE).parts[0] in ("core", "protocol", "web", "mounts.py", "service.py")
    ],
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_no_vendor_is_named_outside_its_room(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    docstrings = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    }
    names = {name for service in SERVICES.values() for name in (service.slug, service.title.lower())}
    for text in texts:
        if text not in docstrings:
            assert not names & set(re.findall(r"[a-z]+", text.lower())), text


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_file_is_longer_than_the_hard_limit(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= HARD_LIMIT


@pytest.mark.parametrize("file", sorted(TESTS.rglob("test_*.py")), ids=lambda file: str(file.relative_to(TESTS)))
def test_no_test_file_is_longer_than_its_limit(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= TEST_LIMIT


def test_every_room_is_a_folder_with_the_same_files():
    for service in SERVICES.values():
        folder = PACKAGE / f"{service.kind}s" / service.slug.replace("-", "_")
        names = {path.name for path in folder.rglob("*.py")}
        assert {"__init__.py", "routes.py", "rules.py", "wire.py", "errors.py"} <= names, service.slug


def test_what_is_mapped_into_the_wheel_holds_no_module():
    """An editable install refuses a Python module whose folder has another name inside the package."""
    assert [path for folder in ("templates", "fixtures") for path in (ROOT / folder).rglob("*.py")] == []


def test_rooms_hold_nothing_that_changes():
    """A room is a function of the sandbox it is given: no module-level list, dict or set is ever written to."""
    for kind in ("providers", "exchanges"):
        for file in (PACKAGE / kind).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                assert not isinstance(node, ast.Global | ast.Nonlocal), f"{file}:{node.lineno}"
