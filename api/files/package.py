"""Checks of a workbook's ZIP package before its content is loaded into memory.

A few kilobytes of a package can unpack to gigabytes. So the ZIP directory is bounded, the parts
that describe the structure must be small, and the parts with rows and shared strings are read in
pieces, each of them bounded.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from api.files.bounds import (
    LARGEST_DIRECTORY,
    LARGEST_PART,
    LARGEST_PLAN,
    LARGEST_ROW,
    LAST_ROW,
    MOST_MARKS,
    MOST_PARTS,
    FileError,
)

_CHUNK = 1 << 16
_END = b"PK\x05\x06"  # starts the record at the end of a ZIP, which contains the directory's size
_LONGEST_END = 22 + 65_535  # bytes of that record with its comment
_MERGED = re.compile(rb"<(?:[^<>\s/:]+:)?mergeCell\b")
_ROW = re.compile(rb"<(?:[^<>\s/:]+:)?row[\s/>]")
_ENCODING = re.compile(rb"""encoding\s*=\s*["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE)
_HEAD = 200  # bytes at the start of XML that contain the encoding
_MEGABYTE = 1 << 20
_MARKUP = "it holds comments, entities or the like, which no spreadsheet program writes"


def check_directory(path: Path) -> None:
    """Reject a package whose ZIP directory is too large to read. Raises FileError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _LONGEST_END, 0))
        end = file.read()
    place = end.rfind(_END)
    # Without the record the file is not a ZIP, which the reader reports.
    if place >= 0 and int.from_bytes(end[place + 12 : place + 16], "little") > LARGEST_DIRECTORY:
        raise FileError("it has too many parts")


class Package(ZipFile):
    """A workbook's parts; `read` returns structural parts, `open` the parts with content.

    Both raise FileError for a part that is too large or is not plain XML.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Open the package. Raises FileError."""
        super().__init__(file)
        parts = self.infolist()
        if len(parts) > MOST_PARTS:
            raise FileError("it has too many parts")
        # A part is read up to its declared size, so a size that is too small has no effect.
        if sum(part.file_size for part in parts) > LARGEST_PART:
            raise FileError(f"it unpacks to more than {LARGEST_PART // _MEGABYTE} MB")
        self._read = self._marks = 0

    def read(self, name: str, pwd: bytes | None = None) -> bytes:  # type: ignore[override]
        """Return a part; there is a limit on all parts together. Raises FileError."""
        self._read += self.getinfo(name).file_size
        if self._read > LARGEST_PLAN:
            raise FileError(
                f"what says how it is made up has more than {LARGEST_PLAN // _MEGABYTE} MB"
            )
        content = super().read(name, pwd)
        _check_encoding(content)
        if b"<!" in content:
            raise FileError(_MARKUP)
        self._marks += content.count(b"<")
        if self._marks > MOST_MARKS:
            raise FileError("it has too many styles, sheets, names or the like")
        return content

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a part in pieces. Raises FileError."""
        last = b""
        with self.open(name) as part:
            while chunk := part.read(_CHUNK):
                if not last:
                    _check_encoding(chunk)
                if b"<!" in last + chunk:
                    raise FileError(_MARKUP)
                last = chunk[-1:]
                yield chunk

    def tags(self, name: str) -> Iterator[bytes]:
        """Yield a part in pieces that end before a tag, so that no tag name is split."""
        held = b""
        for chunk in self.pieces(name):
            held += chunk
            end = max(held.rfind(b"<"), len(held) - _CHUNK)
            yield held[:end]
            held = held[end:]
        yield held

    def metered(self, name: str) -> "Metered":
        """Return a part as a file that limits the size of each row or shared string."""
        return Metered(self.pieces(name))

    def count_rows(self, sheet: str) -> int:
        """Return the number of rows of a sheet, counted without parsing it.

        Merged cells are rejected, because the row of such a value is ambiguous. Raises FileError.
        """
        count = 0
        for tags in self.tags(sheet):
            if _MERGED.search(tags):
                raise FileError("cells are merged; each row must have its own values")
            count += len(_ROW.findall(tags))
            if count > LAST_ROW:
                raise FileError(f"a sheet has at most {LAST_ROW:,} rows")
        return count


class Metered:
    """A file that raises FileError when too much is read between two steps."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Set the pieces."""
        self._pieces = pieces
        self._since = 0

    def read(self, _: int = -1) -> bytes:
        """Return the next piece, whatever its size. Raises FileError."""
        piece = next(self._pieces, b"")
        self._since += len(piece)
        if self._since > LARGEST_ROW + 2 * _CHUNK:
            raise FileError(f"a part of it takes more than {LARGEST_ROW // _MEGABYTE} MB")
        return piece

    def step(self) -> None:
        """Reset the count at the end of a row or shared string."""
        self._since = 0


def _check_encoding(head: bytes) -> None:
    """Reject XML that is not UTF-8, because the checks here would not detect anything in it."""
    if b"\0" in head[:4] or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise FileError("its XML is not UTF-8")
    declared, closed, _ = head[:_HEAD].partition(b"?>")
    if b"<?xml" in declared[:8] and (not closed or _ENCODING.search(declared)):
        raise FileError("its XML is not UTF-8")
