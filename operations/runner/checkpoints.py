"""The newest completed checkpoint or savepoint of a job."""

from pathlib import Path


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint or savepoint under `folder`. Flink writes `_metadata` last, so its presence means complete."""
    complete = [*folder.glob("*/chk-*/_metadata"), *folder.glob("savepoint-*/_metadata")]
    newest = max(complete, key=lambda file: (file.stat().st_mtime_ns, file.parent.name), default=None)
    return newest.parent if newest else None
