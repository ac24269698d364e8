"""Payments that were sent before: the ids of a user's payments of the last 30 days at least, as Bloom filters.

    month of event time     previous | current      an id is looked for in both
    filters                 2,048 bits, 4,096, ... 32,768; each but the last is full at one id per 20 bits

A payment that was sent before is always recognised. A new one is taken for a repeat by mistake, with a probability of
about .0004 for each full filter: one in 1,250 of a customer with 100 payments a month, one in 250 with 3,000. Beyond that
the last filter overflows: one in four with 10,000. The mistake is a flag on the score and nothing else.
"""

from math import isnan
from typing import Any

from detector.history import KEPT_MS
from detector.records import Bytes
from detector.state import SEEN_BYTES, header_of, recent_of, seen_before_of, seen_of
from weir.compiled import compiled

# The first filter has enough for a busy customer's month; each further one is twice as long. Round numbers.
FIRST_BYTES = 256
BITS_AN_ID = 20

# With 20 bits an id, six probes err least often but for a tenth of the probability that fourteen would give.
PROBES = 6

NEW, SEEN, COPY, CONFLICT = range(4)
"""A payment whose id is new; whose id was probably seen before; that is kept one by one with the same content; or with
another content."""

_GOLDEN = 1327217885
"""Half of Knuth's multiplier, 2^32 over the golden ratio: it spreads 32 bits over others without leaving 64."""


@compiled
def repeat_of(state: Bytes, event: Any) -> tuple[int, int]:
    """Return what a payment repeats, and the place of its copy among those that are kept one by one, if there is one."""
    header, recent = header_of(state), recent_of(state)
    seen = _is_in(seen_of(state), header.seen, event.identity)
    if not seen and not _is_in(seen_before_of(state), header.seen_before, event.identity):
        return NEW, 0
    for place in range(header.recent):
        if recent[place].identity == event.identity:
            return (COPY if _is_copy(recent[place], event) else CONFLICT), place
    return SEEN, 0


@compiled
def _is_copy(kept: Any, event: Any) -> bool:
    """Whether two payments with one id agree in time, amount and names."""
    for kind in range(len(event.names)):
        if kept.names[kind] != event.names[kind]:
            return False
    same_amount = kept.cents == event.cents or (isnan(kept.cents) and isnan(event.cents))
    return bool(kept.time_ms == event.time_ms and same_amount)


@compiled
def see(state: Bytes, identity: int, time_ms: int) -> None:
    """Remember the id of a payment."""
    header, seen, month = header_of(state), seen_of(state), time_ms // KEPT_MS
    if month > header.seen_month:
        _turn(header, seen, seen_before_of(state), month)
    first, length = _last_filter(header.seen)
    if header.seen == 0 or (header.seen_in_last * BITS_AN_ID >= 8 * length and header.seen < SEEN_BYTES):
        first, length = header.seen, FIRST_BYTES if header.seen == 0 else 2 * length
        seen[first : first + length] = 0
        header.seen, header.seen_in_last = first + length, 0
    header.seen_in_last += 1
    for probe in range(PROBES):
        bit = _bit(identity, probe, length)
        seen[first + (bit >> 3)] |= 1 << (bit & 7)


@compiled
def _turn(header: Any, seen: Bytes, before: Bytes, month: int) -> None:
    """Begin a month; the one before it stays, if there is one."""
    kept = header.seen if month == header.seen_month + 1 else 0
    before[:kept] = seen[:kept]
    header.seen_before, header.seen, header.seen_in_last, header.seen_month = kept, 0, 0, month


@compiled
def _last_filter(used: int) -> tuple[int, int]:
    """Return where the last of the filters begins, and its length in bytes."""
    first, length = 0, FIRST_BYTES
    while first + length < used:
        first, length = first + length, 2 * length
    return first, length


@compiled
def _is_in(filters: Bytes, used: int, identity: int) -> bool:
    first, length = 0, FIRST_BYTES
    while first < used:
        if _has_all(filters[first : first + length], identity):
            return True
        first, length = first + length, 2 * length
    return False


@compiled
def _has_all(bits: Bytes, identity: int) -> bool:
    for probe in range(PROBES):
        bit = _bit(identity, probe, len(bits))
        if not bits[bit >> 3] >> (bit & 7) & 1:
            return False
    return True


@compiled
def _bit(identity: int, probe: int, length: int) -> int:
    """Return the place of a probe's bit, by double hashing: a product's high bits depend on all bits of the id."""
    start, step = (identity * _GOLDEN >> 16) % 2**16, identity | 1
    return (start + probe * step) % (8 * length)
