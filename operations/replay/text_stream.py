"""A text file as a stream of UTF-8: packed or not, in any encoding, without its byte order mark.

first bytes --> gzip, bz2, xz, zstd, zip or plain --> decode --> skip lines --> UTF-8
"""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from operations.replay.mapping import FileOptions
from weir.errors import DeploymentError

_CHUNK = 1 << 22
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
BROKEN = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, pa.ArrowException)
"""What reading a packed file raises that is cut or damaged."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""Byte order marks of UTF-16."""

UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
"""Byte order marks of UTF-32; the first begins as one of UTF-16 does."""

_NO_TABLES = (
    (b"<!doctype", "a web page", "Download the file itself."),
    (b"<html", "a web page", "Download the file itself."),
    (b"<?xml", "an XML file", "Convert it to CSV or Parquet."),
    (b'{"', "a JSON file", "Convert it to CSV or Parquet, or send its records to the API."),
    (b"[{", "a JSON file", "Convert it to CSV or Parquet, or send its records to the API."),
    (b"version https://git-lfs", "a pointer of Git LFS", "Fetch the file itself with `git lfs pull`."),
)
"""How files begin that are often taken for tables, what they are, and what to do."""


class TextStream(io.RawIOBase):
    """The text of a file in UTF-8, after `skip_lines` lines.

    Raises:
        DeploymentError: the file is packed in another way than declared, damaged, or in another encoding.
    """

    def __init__(self, file: Path, options: FileOptions) -> None:
        super().__init__()
        self._file, self._declared = file, options.encoding
        self._raw = open_unpacked(file, options.compression)
        self._decoder = codecs.getincrementaldecoder(options.encoding or "utf-8")()
        self._ready, self._last = b"", ""
        self._begun = self._ended = False
        self.lines = 0
        for _ in range(options.skip_lines or 0):
            self.read_line()

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, and at least one unless the file ends."""
        while not self._ended and (size < 0 or not self._ready):
            self._fill()
        cut = len(self._ready) if size < 0 else size
        found, self._ready = self._ready[:cut], self._ready[cut:]
        self.lines += found.count(b"\n")
        return found

    def read_line(self) -> str:
        """Return the next line with its end; empty at the end of the file."""
        while not self._ended and (b"\n" not in self._ready and b"\r" not in self._ready[:-1]):
            self._fill()
        found = self._ready.splitlines(keepends=True)[:1] if len(self._ready) < _CHUNK else [self._first_line()]
        line = found[0] if found else b""
        self._ready = self._ready[len(line) :]
        self.lines += line.count(b"\n")
        return line.decode()

    def ends(self) -> bool:
        """Whether nothing but blank lines is left."""
        while not self._ended and not self._ready.strip():
            self._fill()
        return not self._ready.strip()

    def _first_line(self) -> bytes:
        ends = [self._ready.find(end) for end in (b"\n", b"\r")]
        cut = min(end for end in ends if end >= 0)
        return self._ready[: cut + (2 if self._ready[cut : cut + 2] == b"\r\n" else 1)]

    def _fill(self) -> None:
        try:
            packed = self._raw.read(_CHUNK)
        except BROKEN as error:
            raise DeploymentError(f"{self._file} is damaged: {error}.", "Copy or download it again.") from error
        if not self._begun:
            self._require_text(packed)
        text = self._decoded(packed)
        if not self._begun:
            text = text.removeprefix("\ufeff")
        self._begun = True
        self._ended = not packed
        if self._ended and self._last not in {"", "\n"}:
            text += "\n"
        self._last = text[-1:] or self._last
        self._ready += text.encode()

    def _require_text(self, first: bytes) -> None:
        if self._declared is None and first.startswith(UTF_32):
            raise DeploymentError(
                f"{self._file} is written in UTF-32, not in UTF-8.", 'Add encoding = "utf-32" to [file] in the mapping.'
            )
        for begin, kind, remedy in _NO_TABLES:
            if self._declared is None and first.lstrip()[: len(begin)].lower() == begin:
                raise DeploymentError(f"{self._file} is {kind}, not a table.", remedy)
        if self._declared is None and first.startswith(UTF_16):
            raise DeploymentError(
                f"{self._file} is written in UTF-16, not in UTF-8.", 'Add encoding = "utf-16" to [file] in the mapping.'
            )
        if self._declared is None and b"\0" in first[:4096]:
            raise DeploymentError(
                f"{self._file} is no text in UTF-8.",
                'Check that it is a Parquet or CSV file; if it is a text in UTF-16, add encoding = "utf-16-le" to [file].',
            )

    def _decoded(self, packed: bytes) -> str:
        try:
            return self._decoder.decode(packed, final=not packed)
        except UnicodeError as error:
            at = getattr(error, "start", 0)
            line = self.lines + self._ready.count(b"\n") + packed[:at].count(b"\n") + 1
            remedy = (
                'Add the encoding to [file] in the mapping, such as encoding = "cp1252".'
                if self._declared is None
                else "Name its encoding in [file]."
            )
            raise DeploymentError(
                f"{self._file} is not written in {self._declared or 'UTF-8'}: line {line} has other bytes.", remedy
            ) from error


def is_parquet(file: Path) -> bool:
    """Whether the file begins as a Parquet file does."""
    with file.open("rb") as opened:
        return opened.read(4) == b"PAR1"


def compression_of(file: Path) -> str:
    """How a file is packed, by its first bytes."""
    with file.open("rb") as opened:
        first = opened.read(8)
    return next((name for magic, name in _MAGIC.items() if first.startswith(magic)), "none")


def open_unpacked(file: Path, declared: str | None) -> IO[bytes] | Any:
    """Open a file for reading, unpacked.

    Raises:
        DeploymentError: it is packed in another way than declared, or holds several files.
    """
    found = compression_of(file)
    if declared is not None and declared != found:
        raise DeploymentError(
            f"{file} is {_packed(found)}, not {_packed(declared)}.", "Correct or remove `compression` in [file]."
        )
    try:
        return _OPEN[found](file)
    except BROKEN as error:
        raise DeploymentError(f"{file} cannot be read: {error}.", "Copy or download it again.") from error


def _packed(name: str) -> str:
    return "not packed" if name == "none" else f"packed by {name}"


def _open_zip(file: Path) -> IO[bytes]:
    packed = zipfile.ZipFile(file)
    names = [name for name in packed.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
    if any(name.startswith("xl/") for name in names):
        raise DeploymentError(f"{file} is an Excel workbook.", "Save its sheet as CSV.")
    if len(names) != 1:
        raise DeploymentError(
            f"{file} holds {len(names)} files: {', '.join(names[:5])}.", "Unpack it, and give the one to read."
        )
    return packed.open(names[0])


_OPEN: dict[str, Callable[[Path], Any]] = {
    "none": lambda file: file.open("rb"),
    "gzip": gzip.open,
    "bz2": bz2.open,
    "xz": lzma.open,
    "zip": _open_zip,
    "zstd": lambda file: pa.input_stream(str(file), compression="zstd"),
}
