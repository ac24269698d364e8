"""The plain Python of a compiled function."""

from types import FunctionType
from typing import Any


def plain(kernel: Any) -> Any:
    """Return the function as it is written; it calls others as they are written, too."""
    function = getattr(kernel, "py_func", kernel)
    called = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    kernels = {name: plain(value) for name, value in called.items() if hasattr(value, "py_func")}
    return FunctionType(function.__code__, function.__globals__ | kernels)
