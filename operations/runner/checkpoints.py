"""The newest completed checkpoint or savepoint of a job, and the mark on a namespace whose state nobody needs again."""

from pathlib import Path


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint or savepoint under `folder`. Flink writes `_metadata` last, so its presence means complete."""
    complete = [*folder.glob("*/chk-*/_metadata"), *folder.glob("savepoint-*/_metadata")]
    newest = max(complete, key=lambda file: (file.stat().st_mtime_ns, file.parent.name), default=None)
    return newest.parent if newest else None


def discard(namespace_dir: Path) -> None:
    """Mark a namespace whose folder is about to be deleted: its jobs stop without a savepoint."""
    namespace_dir.mkdir(parents=True, exist_ok=True)
    _mark(namespace_dir).touch()


def is_discarded(namespace_dir: Path) -> bool:
    return _mark(namespace_dir).exists()


def _mark(namespace_dir: Path) -> Path:
    return namespace_dir / "discarded"
