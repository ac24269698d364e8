"""The jars of Kafka and of Flink's Kafka connector: resolved by jgo, each checked against its pinned hash."""

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jgo

from weir.errors import MissingPart
from weir.runner.java import make_base_archive

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


def fetch(cache_dir: Path, report: Callable[[str], None] = lambda _: None) -> None:
    """Download what is missing; `report` hears what is being done.

    Raises:
        MissingPart: a download failed or what came is not what is pinned.
    """
    for group in pinned_groups().values():
        if wrong_jars(group, group.folder(cache_dir)):
            report(f"fetching {group.coordinate} ({len(group.sha256)} jars)")
            _fetch_group(group, cache_dir)
    make_base_archive()


def _fetch_group(group: JarGroup, cache_dir: Path) -> None:
    folder = group.folder(cache_dir)
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        for jar in _resolve(group, cache_dir):
            if jar.name in group.sha256:
                shutil.copyfile(jar, partial / jar.name)
        if wrong := wrong_jars(group, partial):
            raise MissingPart(f"{', '.join(wrong[:3])}: not the pinned jar of {group.coordinate}.", _REMEDY)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _resolve(group: JarGroup, cache_dir: Path) -> list[Path]:
    try:
        return [Path(jar) for jar in jgo.build(group.coordinate, cache_dir=cache_dir / "jgo").all_jars]
    except (OSError, RuntimeError, ValueError) as error:  # what requests and jgo raise when a download fails
        raise MissingPart(f"{group.coordinate} could not be fetched: {error}.", _REMEDY) from error


_REMEDY = "Check the network and the Maven mirror, then run `weir fetch` again."


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
