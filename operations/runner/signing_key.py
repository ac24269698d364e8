"""The key that signs publications. Each state folder gets one, which only its owner can read."""

import os
import secrets

from pydantic import SecretStr

from weir.settings import Settings


def with_signing_key(settings: Settings) -> Settings:
    """The settings with their own key, or with the state folder's key, which is created if it is missing."""
    if settings.signing_key is not None and settings.signing_key.get_secret_value():
        return settings
    file = settings.state_dir / "signing.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(32))
    return settings.model_copy(update={"signing_key": SecretStr(file.read_text().strip())})
