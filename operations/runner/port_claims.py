"""Ports that `weir up` has chosen for a state folder and not opened yet, so that another one does not choose them, too."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

CLAIM_S = 600.0
"""How long a claim lasts at most; it ends sooner with the start that made it. A round number above the slowest start."""

_FILE = "ports.json"


class Claim(Struct):
    """A port, the state folder that it was chosen for, the process that starts it, and when, in seconds since 1970."""

    port: int
    state_dir: str
    pid: int
    claimed_s: float


@contextmanager
def claiming(cache_dir: Path, state_dir: Path) -> Iterator[set[int]]:
    """Yield the ports that other state folders have claimed; claim those that the block adds.

    Starts in other folders wait for the block's end. Where the cache cannot be written, nothing is claimed.
    """
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        file = (cache_dir / _FILE).open("a+b")
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        yield set()
        return
    with file:
        file.seek(0)
        claims = _alive(file.read())
        owner = str(state_dir.absolute())
        others = {claim.port for claim in claims if claim.state_dir != owner}
        taken = set(others)
        yield taken
        claims += [Claim(port, owner, os.getpid(), time.time()) for port in taken - others]
        file.truncate(0)
        file.write(msgspec.json.encode(claims))


def _alive(content: bytes) -> list[Claim]:
    """Return the claims that still hold. A damaged file has none."""
    claims: list[Claim] = []
    with suppress(msgspec.MsgspecError):
        claims = msgspec.json.decode(content, type=list[Claim])
    now_s = time.time()
    return [claim for claim in claims if 0 <= now_s - claim.claimed_s < CLAIM_S and psutil.pid_exists(claim.pid)]
