"""The product: its packages, as the import rules list them, every module's syntax tree, and its settings."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from weir.settings import Settings

ROOT = Path(__file__).parents[1]
_PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONFIGURATION, PROJECT = _PYPROJECT["tool"], _PYPROJECT["project"]
PACKAGES: list[str] = CONFIGURATION["importlinter"]["root_packages"]
TREES = {
    file.relative_to(ROOT).as_posix(): ast.parse(file.read_text())
    for package in PACKAGES
    for file in sorted((ROOT / package).rglob("*.py"))
}
SETTINGS = {
    f"{section}.{name}"
    for section, field in Settings.model_fields.items()
    if isinstance(field.default, BaseModel)
    for name in type(field.default).model_fields
} | {name for name, field in Settings.model_fields.items() if not isinstance(field.default, BaseModel)}
"""The name of every setting as docs/settings.md writes it: `section.name`."""


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string literal, those within f-strings and docstrings included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def values(tree: ast.AST) -> Iterator[str]:
    """Every string literal that the code uses: not docstrings, of functions or of constants."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
