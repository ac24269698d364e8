"""Read a payment as its producer sent it: strict about what is required, forgiving about what is optional.

    strict decoding        the usual payment, at no further cost
    forgiving decoding     only where that fails

An optional value whose meaning is plain is mended: case, spaces, numbers as text and texts as numbers, texts that are too
long. Any other is left out, and the payment carries a flag that names the field: no attacker gets past the detector with
an odd user agent, and no producer loses payments over one.

A field that is named twice is flagged where the forgiving path looks at all of them; of the usual payment the detector
looks for some (`detector.doubled_names`).
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from typing import Annotated, Any, NamedTuple, get_args
from uuid import UUID

import msgspec
from msgspec import Meta

from weir.errors import InvalidRecord
from weir.field_names import FIELD_OF, plain
from weir.json_names import named_twice
from weir.messages import LONGEST_ID, Decision, Transaction, decode_with, decoder_of, invalid_record

LONGEST_TEXT = 512
"""Characters of an optional text that are kept, as `weir.messages.Text` allows."""

MOST_FLAGS = 8
"""A record may have thousands of odd fields; its flags name the first few."""

LONGEST_NAME = 64
"""Characters of a field's name that a flag repeats."""


_NONE = ("null", "none", "nan", "n/a", "undefined", "unknown", "0.0.0.0", "::", str(UUID(int=0)))  # noqa: S104 -- no address to bind to
NO_NAMES = frozenset(form for text in _NONE for form in (text, text.upper(), text.capitalize())) | {"NaN"}
"""Texts that stand for no card, device, address or merchant. Taken for a name, all who send one would share a record."""

_NAMES = ("card_id", "device_id", "merchant_id", "ip")


class ReadPayment(NamedTuple):
    """A payment, and the flags that say what of it was not understood."""

    transaction: Transaction
    flags: list[str]


class _Known(Transaction, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A transaction without fields that Weir does not know. To match the codes by patterns would double the time it takes."""

    currency: Annotated[str, Meta(max_length=3)] | None = None
    country: Annotated[str, Meta(max_length=2)] | None = None


_strict = decoder_of(_Known)
_anything: msgspec.json.Decoder[Any] = decoder_of(Any)
_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Transaction)}


def read_payment(payload: bytes | None) -> ReadPayment:
    """Decode a payment.

    Raises:
        InvalidRecord: it is not a JSON object in UTF-8, or a required field is missing, blank or wrong; so is a currency
            that cannot be read, because the amount would be another one.
    """
    try:
        transaction, flags = decode_with(_strict, payload), list[str]()
        if not _are_codes(transaction.currency, transaction.country):
            raise InvalidRecord("currency", "is no code, or the country is none")  # noqa: TRY301 -- as the decoder would
    except InvalidRecord as error:
        transaction, flags = _forgiving(payload or b"", error)
    lost = _meaningless(transaction)
    if not lost:
        return ReadPayment(transaction, flags)
    transaction = msgspec.structs.replace(transaction, **dict.fromkeys(lost))
    return ReadPayment(transaction, [*(f"ignored_field:{name}" for name in lost), *flags][:MOST_FLAGS])


@lru_cache(maxsize=1 << 12)
def _are_codes(currency: str | None, country: str | None) -> bool:
    """Whether two texts are codes as `Transaction` has them; payments share few."""
    return _fits("currency", currency) and _fits("country", country)


def is_money_back(transaction: Transaction, types: Sequence[str]) -> bool:
    """Whether a payment gives money back: its amount is negative, or its type is one of these lower-case ones, in whatever case."""
    return transaction.amount < 0 or (transaction.type is not None and transaction.type.strip().lower() in types)


def _meaningless(payment: Transaction) -> list[str]:
    """Return the optional fields whose value stands for none, such as 0,0 in the Gulf of Guinea.

    Raises:
        InvalidRecord: an id that is required is blank.
    """
    if payment.transaction_id.isspace():
        raise InvalidRecord("transaction_id", "is blank")
    if payment.user_id.isspace():
        raise InvalidRecord("user_id", "is blank")
    lost = ["latitude", "longitude"] if payment.latitude == 0 and payment.longitude == 0 else []
    names = (payment.card_id, payment.device_id, payment.merchant_id, payment.ip)
    if not NO_NAMES.isdisjoint(names):
        lost += [name for name, value in zip(_NAMES, names, strict=True) if value in NO_NAMES]
    return lost


def _forgiving(payload: bytes, error: InvalidRecord) -> ReadPayment:
    fields = decode_with(_anything, payload)
    if not isinstance(fields, dict):
        raise error
    mended, flags = _mend(fields)
    try:
        transaction = msgspec.convert(mended, Transaction)
        return ReadPayment(transaction, [*flags_of_doubled(payload), *flags][:MOST_FLAGS])
    except msgspec.ValidationError as remaining:
        raise _with_hint(invalid_record(str(remaining)), fields) from remaining


def _mend(fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields that Weir knows, mended, and the flags of what was left out."""
    mended: dict[str, Any] = {}
    flags: list[str] = []
    for name, value in fields.items():
        if name not in _FIELDS:
            if len(flags) < MOST_FLAGS:
                flags.append(f"unknown_field:{_shown(name)}{_nearest(name)}")
        elif _FIELDS[name].required or name == "currency":
            mended[name] = _currency(value) if name == "currency" else value
        elif name == "attributes":
            mended[name], lost = _attributes(value)
            flags += lost
        elif value is not None:
            found = value if _fits(name, value) else _MEND[name](value)
            if found is not None and _fits(name, found):
                mended[name] = found
            else:
                flags.append(f"ignored_field:{name}")
    return mended, flags


def _fits(name: str, value: Any) -> bool:
    try:
        msgspec.convert(value, _FIELDS[name].type)
    except msgspec.ValidationError:
        return False
    return True


def _text(value: Any) -> str | None:
    """Return a short text; a number becomes the text that it would have been, and an empty one is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if isfinite(value) and value == int(value) else str(value)
    return value.strip()[:LONGEST_TEXT] or None if isinstance(value, str) else None


def _id(value: Any) -> str | None:
    """Return an id; one that is too long becomes its hash, because two that begin alike are two."""
    text = value.strip() if isinstance(value, str) else _text(value)
    if text is None or len(text) <= LONGEST_ID:
        return text or None
    return sha256(text.encode()).hexdigest()


def _country(value: Any) -> str | None:
    return value.strip().upper() if isinstance(value, str) else None


def _currency(value: Any) -> Any:
    return (value.strip().upper() or None) if isinstance(value, str) else value


def _degrees(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _decision(value: Any) -> str | None:
    found = value.strip().lower() if isinstance(value, str) else None
    return found if found in get_args(Decision) else None


_MEND: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("card_id", "merchant_id", "device_id"), _id),
    **dict.fromkeys(("latitude", "longitude"), _degrees),
    "country": _country,
    "incumbent_decision": _decision,
} | dict.fromkeys(("type", "channel", "merchant_category", "ip", "user_agent", "email", "authorisation_result"), _text)


def _attributes(value: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the attributes that are texts or numbers; a truth value becomes a text."""
    if not isinstance(value, dict):
        return {}, [] if value is None else ["ignored_field:attributes"]
    kept: dict[str, Any] = {}
    lost: list[str] = []
    for name, one in value.items():
        found = _text(one) if isinstance(one, bool) else one
        if isinstance(found, str | int | float) and _is_number_or_text(found):
            kept[name] = found
        elif one is not None:
            lost.append(f"ignored_field:attributes.{_shown(name)}")
    return kept, lost


def _is_number_or_text(value: str | float) -> bool:
    try:
        msgspec.convert(value, str | float)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True


def flags_of_doubled(payload: bytes) -> list[str]:
    """Return a flag for each field that is named twice."""
    return [f"doubled_field:{_shown(name)}" for name in named_twice(payload)]


def _shown(name: str) -> str:
    return name[:LONGEST_NAME]


def _nearest(name: str) -> str:
    """Return the known name that an unknown one probably stands for, in brackets; nothing if there is none."""
    meant = FIELD_OF.get(plain(name[:LONGEST_NAME]))
    near = [meant] if meant else get_close_matches(plain(name[:LONGEST_NAME]), FIELD_OF, n=1, cutoff=0.8)
    return f" ({FIELD_OF.get(near[0], near[0])}?)" if near else ""


def _with_hint(error: InvalidRecord, fields: Mapping[str, Any]) -> InvalidRecord:
    """Say which unknown field may be the one that is missing."""
    if error.reason != "is required":
        return error
    unknown = [name for name in fields if name not in _FIELDS][:MOST_FLAGS]
    if inside := [name for name in unknown if isinstance(fields[name], dict) and error.field in fields[name]]:
        return InvalidRecord(
            error.field, f"is required; it stands inside {_shown(inside[0])!r}: send that object alone"
        )
    meant = next((name for name in unknown if _nearest(name) == f" ({error.field}?)"), None)
    return error if meant is None else InvalidRecord(error.field, f"is required; is it {_shown(meant)!r}?")
