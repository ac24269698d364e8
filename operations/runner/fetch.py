"""`weir fetch`: download the pinned jars with jgo, which does not need Maven."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from operations.runner.java import make_base_archive
from weir.errors import MissingPart
from weir.jars import JarGroup, pinned_groups, wrong_jars

_REMEDY = "Check the network and the Maven mirror, then run `weir fetch` again."


def fetch(cache_dir: Path, report: Callable[[str], None] = lambda _: None) -> None:
    """Download missing and changed jars. `report` is called with a progress message for each group.

    Raises:
        MissingPart: a download failed, or a jar does not have its pinned hash.
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
            raise MissingPart(
                f"Downloads of {group.coordinate} differ from their pinned hash: {', '.join(wrong[:3])}.", _REMEDY
            )
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _resolve(group: JarGroup, cache_dir: Path) -> list[Path]:
    try:
        import jgo  # noqa: PLC0415 -- `weir status` needs no jars, and jgo takes longer to import than it takes to answer

        return [Path(jar) for jar in jgo.build(group.coordinate, cache_dir=cache_dir / "jgo").all_jars]
    except (OSError, RuntimeError, ValueError) as error:  # requests and jgo raise these when a download fails
        raise MissingPart(f"{group.coordinate} could not be downloaded: {error}.", _REMEDY) from error
