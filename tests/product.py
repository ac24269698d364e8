"""The product's source: its packages, as the import rules list them, and every module's syntax tree."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PACKAGES: list[str] = CONFIGURATION["importlinter"]["root_packages"]
TREES = {
    file.relative_to(ROOT).as_posix(): ast.parse(file.read_text())
    for package in PACKAGES
    for file in sorted((ROOT / package).rglob("*.py"))
}


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string literal, those within f-strings included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
