"""Signed addresses: a pass, signed with the deployment's key, admits its bearer to the console.

A pass is `name.expires_ms.signature`. It is in the address that `weir demo` prints, and then in a cookie.
"""

import base64

from weir.artefact import is_signed, sign

_DIGITS = 16
"""Bounds the number that is parsed before the signature is checked. Times in milliseconds have 13 digits."""


def pass_for(name: str, expires_ms: int, key: bytes) -> str:
    """Make a pass for `name`, valid until `expires_ms`. It needs no escaping in an address or a cookie."""
    return f"{_encoded(name)}.{expires_ms}.{sign(_signed(name, expires_ms), key)}"


def name_on(presented: str, now_ms: int, key: bytes) -> str | None:
    """Return the name on a pass, None if it is forged, expired or malformed."""
    encoded, _, rest = presented.partition(".")
    expires, _, signature = rest.partition(".")
    if not expires.isascii() or not expires.isdecimal() or len(expires) > _DIGITS or int(expires) <= now_ms:
        return None
    try:
        name = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (ValueError, UnicodeDecodeError):
        return None
    return name if is_signed(_signed(name, int(expires)), signature, key) else None


def _encoded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _signed(name: str, expires_ms: int) -> bytes:
    return f"console:{expires_ms}:{name}".encode()
