"""The jars that Weir runs with: which they are, and whether each is the pinned one. `weir fetch` downloads them."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from weir.errors import MissingPart

PINNED = Path(__file__).with_name("coordinates.toml")


@dataclass(frozen=True)
class JarGroup:
    """Jars that belong together: a coordinate and the SHA-256 of every jar it resolves to, by file name."""

    name: str
    coordinate: str
    sha256: dict[str, str]

    def folder(self, cache_dir: Path) -> Path:
        """Where this group's jars are kept; another version lives elsewhere."""
        return cache_dir / "jars" / self.coordinate.replace(":", "_")


def pinned_groups() -> dict[str, JarGroup]:
    """The groups as `coordinates.toml` pins them, by name."""
    return {name: JarGroup(name, **group) for name, group in tomllib.loads(PINNED.read_text()).items()}


def jars(name: str, cache_dir: Path) -> list[Path]:
    """The paths of a group's jars, every one checked.

    Raises:
        MissingPart: a jar is not there or is not the pinned one.
    """
    group = pinned_groups()[name]
    if wrong := wrong_jars(group, group.folder(cache_dir)):
        raise MissingPart(
            f"{len(wrong)} of {len(group.sha256)} {name} jars are missing or changed.", "Run `weir fetch`."
        )
    return [group.folder(cache_dir) / jar for jar in sorted(group.sha256)]


def wrong_jars(group: JarGroup, folder: Path) -> list[str]:
    """The names of the jars that are missing from `folder` or differ from their pinned hash."""
    return [jar for jar, digest in group.sha256.items() if _sha256(folder / jar) != digest]


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
