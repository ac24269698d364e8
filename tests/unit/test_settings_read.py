"""Every setting is read by the product; one that nothing reads promises an effect that it does not have."""

import ast
from collections import defaultdict
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from tests.product import TREES
from weir.settings import Settings

SECTIONS = {
    name: type(field.default) for name, field in Settings.model_fields.items() if isinstance(field.default, BaseModel)
}
SECTION_OF = {"Settings": ""} | {kind.__name__: name for name, kind in SECTIONS.items()}
SETTINGS = {f".{name}" for name in Settings.model_fields if name not in SECTIONS} | {
    f"{section}.{name}" for section, kind in SECTIONS.items() for name in kind.model_fields
}


class Reader:
    """What one syntax tree reads from settings: `section.name`, and `.name` from Settings itself.

    A read is `BASE.name` where BASE holds Settings or the section. It does if the file annotates it so or assigns such a
    base to it, or if it is `load_settings()`, `Settings()`, `anything.settings`, or a section of what holds Settings.
    An identifier means the same in its whole file, so a file that uses one for two things may hide an unread setting.
    A read counts even if nothing calls its function.
    `getattr` and iteration are not seen: a setting read only so is reported, and needs a plain read.
    """

    def __init__(self, tree: ast.AST, holds: dict[str, str] | None = None) -> None:
        self._tree = tree
        self._holds: dict[str, set[str]] = defaultdict(set)
        for name, section in (holds or {}).items():
            self._holds[name].add(section)
        for node in ast.walk(tree):
            match node:
                case ast.arg(arg=name, annotation=ast.expr() as annotation):
                    self._holds[name] |= annotated(annotation)
                case ast.AnnAssign(target=target, annotation=annotation):
                    self._holds[identifier(target)] |= annotated(annotation)
        while self._assign():
            pass

    def reads(self) -> set[str]:
        return {
            f"{section}.{node.attr}"
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
            for section in self._sections(node.value)
        }

    def _assign(self) -> bool:
        """Carry what is known over every assignment; whether that added anything."""
        before = sum(map(len, self._holds.values()))
        for target, value in assignments(self._tree):
            self._holds[identifier(target)] |= self._sections(value)
        return sum(map(len, self._holds.values())) > before

    def _sections(self, base: ast.expr) -> set[str]:
        match base:
            case ast.Call(func=ast.Name(id="load_settings" | "Settings")) | ast.Attribute(attr="settings"):
                return {""} | self._holds.get(identifier(base), set())
            case ast.Attribute(attr=name, value=value) if name in SECTIONS and "" in self._sections(value):
                return {name}
        return self._holds.get(identifier(base), set())


def annotated(annotation: ast.expr) -> set[str]:
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    return {SECTION_OF[name] for name in names & set(SECTION_OF)}


def identifier(node: ast.AST) -> str:
    """`x` of `x`, `self.x` and `any.thing.x`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def assignments(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                match target, node.value:
                    case ast.Tuple(elts=targets), ast.Tuple(elts=values):
                        yield from zip(targets, values, strict=False)
                    case _:
                        yield target, node.value


def settings_read() -> set[str]:
    """What the product reads, and what the properties of Settings that it reads read in turn."""
    [own] = [node for node in TREES["weir/settings.py"].body if getattr(node, "name", "") == "Settings"]
    members = {
        f".{node.name}": Reader(node, {"self": ""}).reads() for node in own.body if isinstance(node, ast.FunctionDef)
    }
    read = set().union(*(Reader(tree).reads() for file, tree in TREES.items() if file != "weir/settings.py"))
    while used := read & set(members):
        read = read.difference(used).union(*(members.pop(name) for name in used))
    return read


def test_every_setting_is_read():
    assert SETTINGS - settings_read() == set()


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("def f(settings: Settings): return settings.kafka.heap_mb", True),
        ("def f(kafka: KafkaSettings): return kafka.heap_mb", True),
        ("def f(settings: Settings): own = settings.kafka; return own.heap_mb", True),
        ("class A:\n def f(self, own: KafkaSettings): self._own = own\n def g(self): return self._own.heap_mb", True),
        ("def f(): return load_settings().kafka.heap_mb", True),
        ("def f(parts): return parts.settings.kafka.heap_mb", True),
        ("def f(settings: TrafficSettings): return settings.heap_mb", False),
        ("def f(world): return world.settings.heap_mb", False),
        ("def f(settings: FlinkSettings): return settings.heap_mb", False),
        ("def f(settings: Settings): settings.kafka.heap_mb = 2", False),
        ("def f(broker): return broker.kafka.heap_mb", False),
    ],
)
def test_a_read_counts_only_from_what_holds_the_setting(source, read):
    assert ("kafka.heap_mb" in Reader(ast.parse(source)).reads()) == read
