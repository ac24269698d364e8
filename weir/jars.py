"""The pinned jars that Weir runs with, and their check. `weir fetch` downloads them."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from weir.errors import MissingPart

PINNED = Path(__file__).with_name("coordinates.toml")


@dataclass(frozen=True)
class JarGroup:
    """A Maven coordinate and the SHA-256 of every jar that it resolves to, by file name."""

    name: str
    coordinate: str
    sha256: dict[str, str]

    def folder(self, cache_dir: Path) -> Path:
        """Return the folder of this group's jars. Each version has its own."""
        return cache_dir / "jars" / self.coordinate.replace(":", "_")


def pinned_groups() -> dict[str, JarGroup]:
    """Read the groups from `coordinates.toml`, by name."""
    return {name: JarGroup(name, **group) for name, group in tomllib.loads(PINNED.read_text()).items()}


def jars(name: str, cache_dir: Path) -> list[Path]:
    """Return the paths of a group's jars after checking every hash.

    Raises:
        MissingPart: a jar is missing or differs from the pinned one.
    """
    group = pinned_groups()[name]
    if wrong := wrong_jars(group, group.folder(cache_dir)):
        raise MissingPart(
            f"{len(wrong)} of {len(group.sha256)} {name} jars are missing or differ from the pinned ones.",
            "Run `weir fetch`.",
        )
    return [group.folder(cache_dir) / jar for jar in sorted(group.sha256)]


def wrong_jars(group: JarGroup, folder: Path) -> list[str]:
    """Return the names of jars that are missing from `folder` or differ from their pinned hash."""
    return [jar for jar, digest in group.sha256.items() if _sha256(folder / jar) != digest]


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
