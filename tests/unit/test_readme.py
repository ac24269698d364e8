"""What the pages promise exists: commands, modules, settings, make targets, HTTP paths, links, files, bodies that decode.

A page that says what no longer exists, or shows a mistake on purpose, is excepted below.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from starlette.routing import Match

from feedback_api.http_app import create_app
from feedback_api.labels import LABEL_REQUEST
from feedback_api.leases import LEASE_REQUEST
from operations.cli import app
from operations.runner.parts import every_part
from simulator.demo.command import seconds
from tests.product import ROOT, SETTINGS
from weir.messages import TRANSACTION, USER_EVENT, decode_with
from weir.settings import Settings

README, API, CONTRIBUTING = ROOT / "README.md", ROOT / "docs/api.md", ROOT / "CONTRIBUTING.md"
TOP_LEVEL = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in TOP_LEVEL for page in (ROOT / folder).rglob("*.md"))])
COMMANDS = typer.main.get_command(app).commands
PARTS = {part.name for part in every_part(Settings(detector={"twin_freezes_at_ms": 1}))}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
ROUTES = create_app(Settings()).routes
BODIES = {
    "/v1/decisions": TRANSACTION,
    "/v1/labels": LABEL_REQUEST,
    "/v1/user-events": USER_EVENT,
    "/v1/alerts/lease": LEASE_REQUEST,
}

FENCED = re.compile(r"^ *```[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HTTP_PATH = re.compile(r"(?:\b(GET|POST) )?(?:(?<=:8000)|(?<![\w./-]))(/(?:v1|console)(?:/[\w{}-]+)*)")
PATTERNS = {"docs/adr/NNNN-a-few-words.md"}  # how new files are named
VARIABLES = {f"WEIR_{name.replace('.', '__')}".upper() for name in SETTINGS} | {"WEIR_SETTINGS", "WEIR_"}
SECTIONS = {name.split(".")[0] for name in SETTINGS if "." in name}
NO_SETTINGS = {
    "WEIR_API_PORT": "The pages show it as a misspelling, and as what Kubernetes sets.",
    "learning.seed": "The changelog says that it was removed.",
}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def block_lines(page: Path) -> Iterator[str]:
    """The lines of fenced blocks, continued ones joined."""
    for block in FENCED.findall(page.read_text()):
        yield from block.replace("\\\n", " ").splitlines()


def spans(page: Path) -> list[str]:
    """The code spans of the text around the blocks."""
    return SPAN.findall(FENCED.sub("", page.read_text()))


def code(page: Path) -> list[str]:
    return [*block_lines(page), *spans(page)]


def command_lines(lines: Iterable[str], program: str) -> Iterator[list[str]]:
    """The arguments of each call of a program, without its environment, folder and comment."""
    call = re.compile(rf"(?:^ *|[;&|(] *|\$ |\w=\S+ )(?:[\w./-]*/)?{program} ([^;&|)]*)")
    for line in lines:
        for arguments in call.findall(line):
            yield shlex.split(arguments, comments=True)


def fault(arguments: list[str]) -> str | None:
    """What is wrong with `weir ARGUMENT ...`, by the command line's own parser.

    A data set and a mapping may be any file, and a part in capitals any part.
    """
    name, *rest = [re.sub(r".+\.(parquet|csv|toml)$", str(ROOT / "LICENSE"), argument) for argument in arguments]
    if name not in COMMANDS:
        return None if name == "--help" else f"no command {name}"
    [usage_error] = typer.BadParameter.__bases__
    try:
        given = COMMANDS[name].make_context(name, rest).params
        if name == "demo" and given["duration"] is not None:
            seconds(given["duration"])
    except typer.Exit:  # --help
        return None
    except usage_error as error:
        return str(error.format_message())
    part = given.get("part")
    return None if part is None or part in PARTS or part.isupper() else f"no part {part}"


@every_page
def test_every_weir_command_is_one_that_runs(page):
    """In a block it has to be complete; in a span the bare name stands for the command."""
    lines = [*command_lines(block_lines(page), "weir")]
    lines += [[*words, "--help"] if len(words) == 1 else words for words in command_lines(spans(page), "weir")]
    faults = {" ".join(arguments): fault(arguments) for arguments in lines if arguments}
    assert {line: found for line, found in faults.items() if found} == {}


@every_page
def test_every_module_that_python_runs_exists(page):
    modules = {arguments[1] for arguments in command_lines(code(page), "python") if arguments[:1] == ["-m"]}
    assert {module for module in modules if not runs(module)} == set()


def runs(module: str) -> bool:
    found = spec_of(module)
    return found is not None and (found.submodule_search_locations is None or runs(f"{module}.__main__"))


def spec_of(module: str) -> ModuleSpec | None:
    try:
        return find_spec(module)
    except ModuleNotFoundError:
        return None


@every_page
def test_every_setting_exists(page):
    """`WEIR_...` anywhere, and `section.name` in code unless it is a module, a file or a call."""
    text = page.read_text()
    named = {variable for variable in re.findall(r"\bWEIR_\w*", text) if variable not in VARIABLES}
    dotted = re.compile(rf"(?<![\w./-])((?:{'|'.join(SECTIONS)})\.[a-z_]+)(?![\w(./])")
    named |= {name for line in code(page) for name in dotted.findall(line) if not spec_of(name)} - SETTINGS
    assert named - set(NO_SETTINGS) == set()


def test_every_exception_of_a_setting_is_needed():
    text = "".join(page.read_text() for page in PAGES)
    assert [name for name in NO_SETTINGS if name not in text] == []


@every_page
def test_every_make_target_exists(page):
    named = {word for arguments in command_lines(code(page), "make") for word in arguments if "=" not in word}
    assert {word for word in named if not word.startswith("-")} - TARGETS == set()


@pytest.mark.parametrize("page", [README, API, CONTRIBUTING], ids=lambda page: page.name)
def test_every_http_path_is_a_route(page):
    named = {(method, path) for method, path in HTTP_PATH.findall(page.read_text()) if path != "/v1"}
    assert {call for call in named if not is_route(*call)} == set()


def is_route(method: str, path: str) -> bool:
    """Whether the app serves the path by this method, or by any if none is given."""
    scopes = (
        {"type": "http", "method": one, "path": path, "root_path": ""}
        for one in ([method] if method else ["GET", "POST"])
    )
    return any(route.matches(scope)[0] == Match.FULL for scope in scopes for route in ROUTES)


@every_page
def test_every_relative_link_leads_to_a_file_and_its_heading(page):
    links = {link for link in LINK.findall(page.read_text()) if not re.match(r"\w+:", link)}
    assert {link for link in links if not leads_somewhere(page, link)} == set()


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in headings(target))


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@every_page
def test_every_file_that_code_names_exists(page):
    """In a span or block: a path below a folder of the repository, or a page's name."""
    words = {word.lstrip("('\"").rstrip(",.:;)'\"") for text in code(page) for word in text.split()}
    named = {word for word in words if re.fullmatch(r"[\w.*-]+(/[\w.*-]+)*/?", word)}
    paths = {word for word in named if ("/" in word and word.split("/")[0] in TOP_LEVEL) or word.endswith(".md")}
    missing = {path for path in paths if not (any(ROOT.glob(path)) or any(page.parent.glob(path)))}
    assert missing - PATTERNS == set()


def bodies(page: Path) -> list[tuple[str, str]]:
    """The path and body of each curl call; a body's `$(date ...)` becomes a time."""
    found = []
    for block in filter(re.compile(r"\bcurl ").search, FENCED.findall(page.read_text())):
        words = shlex.split(
            re.sub(r"\$\(date [^)]*\)", "2026-01-01T00:00:00Z", block.replace("\\\n", " ")), comments=True
        )
        while "curl" in words:
            words = words[words.index("curl") + 1 :]
            end = words.index("curl") if "curl" in words else len(words)
            paths = [path for word in words[:end] for _, path in HTTP_PATH.findall(word)]
            found += [(paths[0], words[at + 1]) for at, word in enumerate(words[:end]) if word in {"-d", "--data"}]
    return found


@pytest.mark.parametrize("page", [README, API], ids=lambda page: page.name)
def test_every_curl_body_decodes_as_its_message(page):
    found = bodies(page)
    assert {"/v1/decisions", "/v1/labels"} <= {path for path, _ in found}
    for path, body in found:
        decode_with(BODIES[path], body.encode())


def test_the_checks_find_what_they_look_for():
    """A page that is written differently than these patterns expect must not pass unread."""
    assert {"up", "demo", "replay"} <= {arguments[0] for arguments in command_lines(code(README), "weir")}
    assert {"demo", "test-fast"} <= {word for arguments in command_lines(code(README), "make") for word in arguments}
    assert {"/v1/labels", "/console"} <= {path for _, path in HTTP_PATH.findall(API.read_text())}
    assert "LICENSE" in LINK.findall(README.read_text())
    assert {"CHANGELOG.md", "mlflow/README.md"} <= {str(page.relative_to(ROOT)) for page in PAGES}
    assert ["-m", "detector.documentation"] in [*command_lines(code(CONTRIBUTING), "python")]


@pytest.mark.parametrize(
    "line",
    [
        "replay",
        "replay x.parquet --mapping",
        "demo --for soon",
        "demo --rate 0",
        "logs nosuchpart",
        "logs learner --lines many",
        "run a b",
        "up --fast",
        "start",
    ],
)
def test_a_command_that_would_fail_is_seen(line):
    assert fault(line.split()) is not None
