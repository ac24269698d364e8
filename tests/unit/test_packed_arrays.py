"""Arrays come out of the packed one as they went in."""

import numpy as np

from weir.packed_arrays import packed, part_of

ARRAYS = [np.arange(3, dtype=np.uint16), np.empty(0), np.array([1.5, -2.0]), np.array([7, 8, 9], np.float32)]


def test_each_array_is_found_whole_where_any_number_may_begin():
    one = packed(ARRAYS)
    for nth, array in enumerate(ARRAYS):
        part = part_of(one, nth)
        assert part.view(array.dtype).tolist() == array.tolist()
        assert (part.ctypes.data - one.ctypes.data) % 8 == 0


def test_plain_python_finds_the_same():
    one = packed(ARRAYS)
    assert [part_of.py_func(one, nth).tobytes() for nth in range(4)] == [array.tobytes() for array in ARRAYS]
