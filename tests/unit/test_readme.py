"""What the pages promise exists: commands, make targets, HTTP paths, links, files, and bodies that decode."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from starlette.routing import Match

from feedback_api.http_app import create_app
from feedback_api.labels import LABEL_REQUEST
from feedback_api.leases import LEASE_REQUEST
from operations.cli import app
from tests.product import ROOT
from weir.messages import TRANSACTION, USER_EVENT, decode_with
from weir.settings import Settings

README, API, CONTRIBUTING = ROOT / "README.md", ROOT / "docs/api.md", ROOT / "CONTRIBUTING.md"
PAGES = [README, CONTRIBUTING, *sorted(ROOT.glob("docs/**/*.md")), ROOT / "examples/README.md"]
COMMANDS = typer.main.get_command(app).commands
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
TOP_LEVEL = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(page: Path) -> Iterator[str]:
    """The lines of fenced blocks, continued ones joined, and the code spans of the text around them."""
    text = page.read_text()
    for block in FENCED.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from SPAN.findall(FENCED.sub("", text))


def command_lines(page: Path, program: str) -> Iterator[list[str]]:
    """The arguments of each call of a program, without its environment, folder and comment."""
    call = re.compile(rf"(?:^ *|[;&|(] *|\$ |\w=\S+ )(?:[\w./-]*/)?{program} ([^;&|)]*)")
    for line in code(page):
        for arguments in call.findall(line):
            yield shlex.split(arguments, comments=True)


def fault(arguments: list[str]) -> str | None:
    """What is wrong with `weir ARGUMENT ...`: its command, an option, or too many arguments."""
    name, *rest = arguments
    if name not in COMMANDS:
        return None if name == "--help" else f"no command {name}"
    options = {
        option: parameter
        for parameter in COMMANDS[name].params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    places = sum(parameter.param_type_name == "argument" for parameter in COMMANDS[name].params)
    words = iter(rest)
    for word in words:
        option, _, value = word.partition("=")
        if option == "--help":
            continue
        if option.startswith("-"):
            if option not in options:
                return f"no option {option}"
            if not options[option].is_flag and not value and next(words, None) is None:
                return f"no value for {option}"
        else:
            places -= 1
    return "too many arguments" if places < 0 else None


@every_page
def test_every_weir_command_exists_with_its_options(page):
    faults = {" ".join(arguments): fault(arguments) for arguments in command_lines(page, "weir") if arguments}
    assert {line: found for line, found in faults.items() if found} == {}


@every_page
def test_every_make_target_exists(page):
    named = {word for arguments in command_lines(page, "make") for word in arguments if "=" not in word}
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
    assert {"up", "demo", "replay"} <= {arguments[0] for arguments in command_lines(README, "weir")}
    assert {"demo", "test-fast"} <= {word for arguments in command_lines(README, "make") for word in arguments}
    assert {"/v1/labels", "/console"} <= {path for _, path in HTTP_PATH.findall(API.read_text())}
    assert "LICENSE" in LINK.findall(README.read_text())
