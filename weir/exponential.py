"""The exponential function out of additions, multiplications and divisions, which every processor rounds alike.

The C library's `exp` differs in its last bit from one processor to another (docs/platform-notes.md), and a model that
learned with it would, too. This is the classic reduction of FDLIBM (Sun Microsystems, 1993, e_exp.c):
`e^x = 2^k * e^r` with `|r| <= ln(2) / 2`, and a rational function of `r`. Its error is below one unit in the last place.
"""

import math

from weir.compiled import compiled

_LOG2_E = 1.44269504088896338700
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts: a multiple of the first by a whole number up to 1024 is exact."""

_P1 = 1.66666666666666019037e-01
_P2 = -2.77777777770155933842e-03
_P3 = 6.61375632143793436117e-05
_P4 = -1.65339022054652515390e-06
_P5 = 4.13813679705723846039e-08


@compiled
def exponential(x: float) -> float:
    """Return e to the power of x, for x from -700 to 700.

    >>> exponential(0.0)
    1.0
    """
    k = math.floor(_LOG2_E * x + 0.5)
    high, low = x - k * _LN2_HIGH, k * _LN2_LOW
    r = high - low
    square = r * r
    c = r - square * (_P1 + square * (_P2 + square * (_P3 + square * (_P4 + square * _P5))))
    return math.ldexp(1.0 - ((low - (r * c) / (2.0 - c)) - high), k)
