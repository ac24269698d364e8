"""What the import rules cannot see: technologies in file names, class names, sizes, and modules named in strings.

Each guard also fails when it finds nothing to check, or when one of its exceptions is no longer needed.
"""

import ast
import doctest
import importlib
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
from tests.product import CONFIGURATION, PACKAGES, PROJECT, ROOT, SETTINGS, TREES, strings, values
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
    "xgboost": "xgboost_",
}
MAY_IMPORT = {
    "bench/__main__.py": "An entry point, and a measurement of Kafka itself.",
    "bench/whole_loop.py": "An entry point, and a measurement of Kafka itself.",
    "feedback_api/migrations/env.py": "Alembic dictates the name.",
    "feedback_api/migrations/versions/v0001_labels.py": "Alembic loads migrations by their version.",
    "feedback_api/migrations/versions/v0002_fraud_type.py": "Alembic loads migrations by their version.",
    "feedback_api/migrations/versions/v0003_receipts.py": "Alembic loads migrations by their version.",
}
BY_NAME = {"import_module", "__import__", "module_from_spec", "run_module", "run_path"}
MAY_IMPORT_BY_NAME = {
    "operations/runner/entry/run_job.py": "Flink starts one script for every job.",
    "operations/runner/process.py": "A part's process runs the module that parts.py names; a test below looks for each.",
}
SAME_CLASS_NAME: dict[str, str] = {}  # a class's name, and why two modules may define it
CLASS_MAKERS = {"namedtuple", "NamedTuple", "TypedDict", "NewType", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"} | {
    *("make_dataclass", "defstruct", "create_model", "new_class", "type")
}
SERVES = re.compile(r"feedback_api/(http_\w+|bootstrap|__main__)\.py")
NAMED_BY_THE_GROUND_FLOOR = {
    "detector": "A dead letter's stage.",
    "ledger": "A topic.",
    "learner-snapshots": "A topic.",
    "Run learner and detector from one release: the learner then publishes its model anew.": "A remedy: people know the parts so.",
    "Set the same WEIR_SIGNING_KEY for learner and detector.": "A remedy likewise.",
}
LARGEST_SHARE = (
    0.37  # above the largest share when it was set: operations, 36 %, with the reading of files and `weir skip`
)


def test_the_guards_cover_every_package_of_the_repository():
    assert sorted(PACKAGES) == sorted(file.parent.name for file in ROOT.glob("*/__init__.py"))
    assert {file.split("/")[0] for file in TREES} == set(PACKAGES)


# Technology by name.


def technologies(tree: ast.AST) -> set[str]:
    """The technologies that a file imports, at its top or inside a function."""
    return {module.split(".")[0] for module in imported(tree)} & set(PREFIX_OF)


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports. `from a import b` may import `a.b`, so it yields both."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from (module, *(f"{module}.{alias.name}" for alias in names))


def imports_by_name(tree: ast.AST) -> bool:
    """Whether a file uses a function that imports the module named in a string, under whatever alias."""
    return any(
        isinstance(node, ast.alias | ast.Name | ast.Attribute)
        and BY_NAME & {getattr(node, attribute, None) for attribute in ("name", "id", "attr")}
        for node in ast.walk(tree)
    )


def misnamed(file: str) -> set[str]:
    name = file.rsplit("/", 1)[-1]
    return {module for module in technologies(TREES[file]) if not name.startswith(PREFIX_OF[module])}


def test_a_file_that_imports_a_technology_has_its_prefix():
    assert {file: found for file in TREES if file not in MAY_IMPORT and (found := misnamed(file))} == {}


def test_every_technology_is_used_and_every_exception_is_needed():
    assert set().union(*map(technologies, TREES.values())) == set(PREFIX_OF)
    assert [file for file in MAY_IMPORT if file not in TREES or not misnamed(file)] == []


def test_no_file_imports_by_a_name_in_a_string_or_from_its_own_folder():
    """The rules here and in pyproject.toml could not see what it imports."""
    assert {file for file, tree in TREES.items() if imports_by_name(tree)} == set(MAY_IMPORT_BY_NAME)
    relative = {
        file
        for file, tree in TREES.items()
        if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    }
    assert relative == set()


@pytest.mark.parametrize(
    "source",
    [
        "import importlib; importlib.import_module(name='confluent_kafka')",
        "from importlib import import_module as im; im('confluent_kafka')",
        "import importlib as il; load = il.import_module",
        "load = __import__",
    ],
)
def test_every_way_to_import_by_name_is_seen(source):
    assert imports_by_name(ast.parse(source))


# The console.


def test_only_what_serves_the_api_knows_the_console_or_what_serves():
    """So nothing else can reach the console, directly or through a module that serves."""
    found = {
        (file, module)
        for file, tree in TREES.items()
        if not file.startswith("feedback_api/console/") and not SERVES.fullmatch(file)
        for module in imported(tree)
        if is_below(module, "feedback_api.console") or SERVES.fullmatch(f"{module.replace('.', '/')}.py")
    }
    assert found == set()
    assert {file for file in TREES if SERVES.fullmatch(file)} >= {
        "feedback_api/http_app.py",
        "feedback_api/bootstrap.py",
    }


def is_below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


# Names and sizes.


def test_no_class_name_is_defined_in_two_modules():
    files: dict[str, set[str]] = defaultdict(set)
    for file, tree in TREES.items():
        for name in class_names(tree):
            files[name].add(file)
    twice = {name: found for name, found in files.items() if len(found) > 1}
    assert files
    assert {name: found for name, found in twice.items() if name not in SAME_CLASS_NAME} == {}
    assert set(SAME_CLASS_NAME) <= set(twice)


def class_names(tree: ast.AST) -> Iterator[str]:
    """The names of the classes that a file defines: by `class`, or by a call such as `namedtuple("Name", ...)`."""
    aliases = {node.asname: node.name for node in ast.walk(tree) if isinstance(node, ast.alias) and node.asname}
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Call(func=ast.Name(id=maker) | ast.Attribute(attr=maker)) if (
                aliases.get(maker, maker) in CLASS_MAKERS
            ):
                named = [
                    *node.args[:1],
                    *(word.value for word in node.keywords if word.arg in {"typename", "cls_name", "name"}),
                ]
                yield from (
                    name.value for name in named if isinstance(name, ast.Constant) and isinstance(name.value, str)
                )


@pytest.mark.parametrize(
    "source",
    [
        "class Ledger: ...",
        "Ledger = namedtuple('Ledger', 'a b')",
        "Ledger = collections.namedtuple(typename='Ledger', field_names='a b')",
        "from collections import namedtuple as nt; Ledger = nt('Ledger', 'a b')",
        "Ledger = type('Ledger', (), {})",
    ],
)
def test_every_way_to_define_a_class_is_seen(source):
    assert list(class_names(ast.parse(source))) == ["Ledger"]


def test_no_folder_holds_more_than_its_share_of_the_code():
    lines = {package: sum(map(code_lines, (ROOT / package).rglob("*.py"))) for package in PACKAGES}
    total = sum(lines.values())
    assert {package: n / total for package, n in lines.items() if n / total > LARGEST_SHARE} == {}


def code_lines(file: Path) -> int:
    return sum(1 for line in file.read_text().splitlines() if line.strip())


# Strings that name modules.


def test_the_ground_floor_names_no_component():
    """Docstrings may: they explain where a value comes from or goes."""
    component = re.compile(rf"(?<![a-z])({'|'.join(COMPONENTS)})(?![a-z])", re.IGNORECASE)
    found = {
        text
        for file, tree in TREES.items()
        if file.startswith("weir/")
        for text in values(tree)
        if component.search(text)
    }
    assert found == set(NAMED_BY_THE_GROUND_FLOOR)


def test_every_module_named_in_a_string_exists():
    """Dotted names below a component, wherever they stand; `weir.` also begins MLflow's tags and names of files."""
    named = {name: file for file, tree in TREES.items() for text in strings(tree) for name in modules_named(text)}
    assert set(MODULE_OF.values()) <= set(named)
    assert {name: file for name, file in named.items() if not exists(name)} == {}


def test_every_command_of_the_package_exists():
    commands = [*PROJECT["scripts"].values(), *PROJECT["entry-points"]["weir.commands"].values()]
    assert [command for command in commands if not exists(command)] == []


def modules_named(text: str) -> Iterator[str]:
    """`a.b`, or `a.b:c` with a function; settings and files of such a name are no modules."""
    for found in re.finditer(rf"(?<![\w./-])(?:{'|'.join(COMPONENTS)})(?:\.\w+)+(?::[a-z]\w*)?", text):
        if not found[0].endswith(".py") and found[0] not in SETTINGS:
            yield found[0]


def exists(name: str) -> bool:
    """Whether `module` or `module:function` exists."""
    module, _, function = name.partition(":")
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return False
    if found is None or not function:
        return found is not None
    return hasattr(importlib.import_module(module), function)


@pytest.mark.parametrize(
    "text", ["detector.no_such", "detector.no_such:main", "detector.kafka_twin:no_such", "python -m detector.no_such"]
)
def test_a_module_that_does_not_exist_is_seen_wherever_it_stands(text):
    assert [exists(name) for name in modules_named(text)] == [False]


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


def examples_written(file: str) -> int:
    return (ROOT / file).read_text().count(">>> ")


def examples_collected(module: Any) -> int:
    """The examples that doctest finds: it does not see those of a decorator's product, or below a constant."""
    return sum(len(test.examples) for test in doctest.DocTestFinder().find(module))


def test_every_docstring_example_is_run():
    """A plain `pytest` collects them: the folders are its test paths, and no ignored file has an example."""
    pytest_options = CONFIGURATION["pytest"]["ini_options"]
    ignored = [option.split("=", 1)[1] for option in pytest_options["addopts"] if option.startswith("--ignore")]
    patterns = [*ignored, *(f"{pattern}/*" for pattern in ignored), "*/__main__.py"]
    examples = [file for file in TREES if examples_written(file)]
    assert "--doctest-modules" in pytest_options["addopts"]
    assert set(PACKAGES) <= set(pytest_options["testpaths"])
    assert examples
    assert [file for file in examples if any(fnmatch(file, pattern) for pattern in patterns)] == []
    modules = {file: importlib.import_module(file.removesuffix(".py").replace("/", ".")) for file in examples}
    assert {file: examples_written(file) for file in modules} == {
        file: examples_collected(module) for file, module in modules.items()
    }
