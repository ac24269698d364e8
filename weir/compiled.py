"""Compiled functions: plain Python on numbers and arrays that Numba compiles for this processor.

    @compiled                  a function that Numba compiles; `NUMBA_DISABLE_JIT=1` leaves it plain, with equal results
    @warm_up                   a function that calls compiled ones with the types that the program uses
    warm(settings.cache_dir)   as a process starts: compile all that it has imported, or load it from the cache

The arithmetic is that of Python's floats, in the order of the code: LLVM neither reorders it nor fuses a product with a
sum (docs/platform-notes.md#numba).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from functools import cache
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from tempfile import TemporaryFile
from typing import Any, TypeVar

import numba
import numpy as np
import structlog
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Function = TypeVar("Function", bound=Callable[..., Any])
WarmUp = Callable[[], None]

_jit = numba.njit(error_model="numpy")  # a division by zero gives an infinity, as everywhere in NumPy
_kernels: list[Any] = []
_warm_ups: list[WarmUp] = []
_log = structlog.get_logger()


def compiled(function: Function) -> Function:
    """Have Numba compile a function for the types of its first call. It checks no array's bounds."""
    kernel: Function = _jit(function)
    if hasattr(kernel, "enable_caching"):  # a plain function where `NUMBA_DISABLE_JIT=1` is set
        _kernels.append(kernel)
    return kernel


def warm_up(function: WarmUp) -> WarmUp:
    """Have `warm` call a function."""
    _warm_ups.append(function)
    return function


def warm(cache_dir: Path) -> None:
    """Compile what this process has imported, or load it from `<cache_dir>/compiled`, or `NUMBA_CACHE_DIR` if it is set.

    Of several processes that start at once, one compiles and the others wait for it. Where the folder cannot be used,
    each compiles for itself, in memory, and logs why.
    """
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or cache_dir / "compiled").absolute()
    try:
        with _locked(folder):
            for kernel in _kernels:
                _cache_in(folder, kernel)
            _call_all()
    except (OSError, EOFError, UnpicklingError) as error:
        _log.warning("compiled_without_cache", folder=str(folder), problem=repr(error))
        for kernel in _kernels:
            kernel._cache.disable()  # noqa: SLF001 -- Numba has no other way back
        _call_all()


def _call_all() -> None:
    for function in _warm_ups:
        function()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        flock(lock, LOCK_EX)
        yield


def _cache_in(folder: Path, kernel: Any) -> None:
    """Give a kernel its cache. Without a folder that it can write, Numba would write beside the source."""
    sources = Path(kernel.py_func.__code__.co_filename).parent
    current = _current(folder / f"{sources.name}-{_digest(str(sources).encode())}", sources)
    TemporaryFile(dir=current).close()
    numba.config.CACHE_DIR = str(current)
    kernel.enable_caching()


def _current(own: Path, sources: Path) -> Path:
    """Return the folder for these sources as they are now, and remove those for earlier ones.

    Numba looks at the kernel's own file only, but compiles into it the kernels that it calls, from its own folder or
    from this one.
    """
    current = own / _stamp(sources)
    if not current.exists():
        shutil.rmtree(own, ignore_errors=True)
        current.mkdir(parents=True)
    return current


@cache
def _stamp(sources: Path) -> str:
    files = [file for folder in (sources, Path(__file__).parent) for file in sorted(folder.glob("*.py"))]
    return _digest(*(file.read_bytes() for file in files))


def _digest(*parts: bytes) -> str:
    digest = sha256()
    for part in parts:
        digest.update(sha256(part).digest())
    return digest.hexdigest()[:16]
