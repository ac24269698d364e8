"""The console's static files: its own from this package, htmx from WebJars, so the repository holds no copy of it.

Their address contains a hash of all of them, so a browser may cache them for ever.
"""

import hashlib
import zipfile
from pathlib import Path
from typing import NamedTuple

from weir.jars import jars

STATIC = Path(__file__).parent / "static"
WEBJARS = "META-INF/resources/webjars"
SCRIPTS = {
    "htmx.min.js": ("htmx", f"{WEBJARS}/htmx.org/2.0.4/dist/htmx.min.js"),
    "sse.js": ("htmx-sse", f"{WEBJARS}/htmx-ext-sse/2.2.2/sse.js"),
}
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    content: bytes
    media_type: str


class WebAssets:
    """Files by name. `version` is a hash of their contents."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = {name: Asset(content, TYPES[Path(name).suffix]) for name, content in files.items()}
        digest = hashlib.sha256(b"".join(files[name] for name in sorted(files)))
        self.version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """The path of a file below the API's root."""
        return f"/console/static/{self.version}/{name}"

    def find(self, version: str, name: str) -> Asset | None:
        """The file, or None for an unknown name or another version."""
        return self._files.get(name) if version == self.version else None


def own_files() -> dict[str, bytes]:
    """The static files of this package, by name."""
    return {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in TYPES}


def scripts(cache_dir: Path) -> dict[str, bytes]:
    """The scripts from the WebJars, by name.

    Raises:
        MissingPart: a jar is missing or differs from the pinned one.
    """
    found = {}
    for name, (group, member) in SCRIPTS.items():
        with zipfile.ZipFile(jars(group, cache_dir)[0]) as jar:
            found[name] = jar.read(member)
    return found
