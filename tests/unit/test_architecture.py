"""What the import rules cannot see: technologies in file names, class names, sizes, and modules named in strings.

Each guard also fails when it finds nothing to check, or when one of its exceptions is no longer needed.
"""

import ast
import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from operations.cli import app
from operations.runner.job import ENTRY, MODULE_OF
from operations.runner.parts import every_part
from tests.product import CONFIGURATION, PACKAGES, ROOT, TREES, strings
from weir.settings import Settings

COMPONENTS = [package for package in PACKAGES if package != "weir"]
PREFIX_OF = {
    "pyflink": "flink_",
    "confluent_kafka": "kafka_",
    "fastapi": "http_",
    "starlette": "http_",
    "sqlalchemy": "sql_",
    "alembic": "sql_",
    "mlflow": "mlflow_",
}
MAY_IMPORT = {
    "bench/__main__.py": "An entry point, and a measurement of Kafka itself.",
    "feedback_api/migrations/env.py": "Alembic dictates the name.",
    "feedback_api/migrations/versions/v0001_labels.py": "Alembic loads migrations by their version.",
    "feedback_api/migrations/versions/v0002_fraud_type.py": "Alembic loads migrations by their version.",
}
SAME_CLASS_NAME: dict[str, str] = {}  # a class's name, and why two modules may define it
LARGEST_SHARE = 0.35  # a round number above the largest share when it was set: operations with 32 %


def test_the_guards_cover_every_package_of_the_repository():
    assert sorted(PACKAGES) == sorted(file.parent.name for file in ROOT.glob("*/__init__.py"))
    assert {file.split("/")[0] for file in TREES} == set(PACKAGES)


# Technology by name.


def technologies(tree: ast.AST) -> set[str]:
    """The technologies that a file imports, at its top or inside a function."""
    return {module.split(".")[0] for module in imported(tree)} & set(PREFIX_OF)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


def misnamed(file: str) -> set[str]:
    name = file.rsplit("/", 1)[-1]
    return {module for module in technologies(TREES[file]) if not name.startswith(PREFIX_OF[module])}


def test_a_file_that_imports_a_technology_has_its_prefix():
    assert {file: found for file in TREES if file not in MAY_IMPORT and (found := misnamed(file))} == {}


def test_every_technology_is_used_and_every_exception_is_needed():
    assert set().union(*map(technologies, TREES.values())) == set(PREFIX_OF)
    assert [file for file in MAY_IMPORT if file not in TREES or not misnamed(file)] == []


# Names and sizes.


def test_no_class_name_is_defined_in_two_modules():
    files: dict[str, set[str]] = defaultdict(set)
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                files[node.name].add(file)
    twice = {name: found for name, found in files.items() if len(found) > 1}
    assert files
    assert {name: found for name, found in twice.items() if name not in SAME_CLASS_NAME} == {}
    assert set(SAME_CLASS_NAME) <= set(twice)


def test_no_folder_holds_more_than_its_share_of_the_code():
    lines = {package: sum(map(code_lines, (ROOT / package).rglob("*.py"))) for package in PACKAGES}
    total = sum(lines.values())
    assert {package: n / total for package, n in lines.items() if n / total > LARGEST_SHARE} == {}


def code_lines(file: Path) -> int:
    return sum(1 for line in file.read_text().splitlines() if line.strip())


# Strings that name modules.


def test_the_ground_floor_names_no_component():
    """The bare words `detector` (a dead letter's stage) and `ledger` (a topic) are values in messages."""
    component = re.compile(rf"({'|'.join(COMPONENTS)})($|[./])")
    found = {
        (file, text)
        for file, tree in TREES.items()
        if file.startswith("weir/")
        for text in strings(tree)
        if component.match(text) and text not in {"detector", "ledger"}
    }
    assert found == set()


def test_every_module_named_in_a_string_exists():
    """Dotted names below a component; `weir.` also begins MLflow's tags and names of files."""
    dotted = re.compile(rf"({'|'.join(COMPONENTS)})(\.\w+)+")
    named = {text: file for file, tree in TREES.items() for text in strings(tree) if dotted.fullmatch(text)}
    assert set(MODULE_OF.values()) <= set(named)
    assert {text: file for text, file in named.items() if not exists(text)} == {}


def exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def commands() -> list[list[str]]:
    """What parts.py has Python run with `-m`: a module and its first arguments."""
    found = []
    for node in ast.walk(TREES["operations/runner/parts.py"]):
        match node:
            case ast.Call(func=ast.Name(id="_module"), args=args):
                found.append([ast.literal_eval(arg) for arg in args])
            case ast.List(elts=[_, ast.Constant("-m"), ast.Constant(module), ast.Constant(word), *_]):
                found.append([module, word])
    return found


def test_every_part_has_a_command():
    [table] = [
        {ast.literal_eval(key) for key in node.keys}
        for node in ast.walk(function("operations/runner/parts.py", "command_of"))
        if isinstance(node, ast.Dict)
    ]
    parts = {part.name for part in every_part(Settings(detector={"twin_freezes_at_ms": 1}))}
    assert {part for part in parts if not part.startswith("taskmanager-")} == table


def function(file: str, name: str) -> ast.FunctionDef:
    [found] = [node for node in TREES[file].body if isinstance(node, ast.FunctionDef) and node.name == name]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_part_is_started_by_a_module_that_runs(command):
    module, *arguments = command
    assert exists(module)
    spec = importlib.util.find_spec(module)
    assert spec.submodule_search_locations is None or exists(f"{module}.__main__")
    known: dict[str, Any] = {
        "operations": {command.name or command.callback.__name__ for command in app.registered_commands},
        "operations.runner.job": MODULE_OF,
        "mlflow": {"server"},
    }
    assert set(arguments) <= set(known.get(module, ()))


def test_every_job_has_a_main_for_flinks_entry_script():
    assert ENTRY.is_file()
    for module in MODULE_OF.values():
        assert function(f"{module.replace('.', '/')}.py", "main")


# Examples in docstrings.


def test_every_docstring_example_is_run():
    """A plain `pytest` collects them: the folders are its test paths, and no ignored file has an example."""
    pytest_options = CONFIGURATION["pytest"]["ini_options"]
    ignored = [option.split("=", 1)[1] for option in pytest_options["addopts"] if option.startswith("--ignore")]
    patterns = [*ignored, *(f"{pattern}/*" for pattern in ignored), "*/__main__.py"]
    examples = [file for file in TREES if ">>> " in (ROOT / file).read_text()]
    assert "--doctest-modules" in pytest_options["addopts"]
    assert set(PACKAGES) <= set(pytest_options["testpaths"])
    assert examples
    assert [file for file in examples if any(fnmatch(file, pattern) for pattern in patterns)] == []
