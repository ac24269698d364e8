"""Compiled functions: plain Python on numbers and arrays that Numba compiles once and caches on disk.

The same function is the plain-Python path: it runs uncompiled where `NUMBA_DISABLE_JIT=1` is set, with equal results.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function at its first call, or load it from the cache; arithmetic is that of plain Python floats."""
    kernel: Function = numba.njit(cache=True, error_model="numpy")(function)
    return kernel
