"""What a job can go on from: the newest completed checkpoint or savepoint in its folder."""

from pathlib import Path


def newest_checkpoint(folder: Path) -> Path | None:
    """The folder of the newest complete one, or None. Flink writes `_metadata` last, so what has it is complete."""
    complete = [*folder.glob("*/chk-*/_metadata"), *folder.glob("savepoint-*/_metadata")]
    newest = max(complete, key=lambda file: (file.stat().st_mtime_ns, file.parent.name), default=None)
    return newest.parent if newest else None
