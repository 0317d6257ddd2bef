"""A workbook's shared strings, to which its cells refer by number; stored as contiguous bytes.

As Python strings, a million empty texts (6 MB) would take 60 MB, and 30 million 2.9 GB.
"""

import re
from array import array
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from openpyxl.xml.constants import SHEET_MAIN_NS

from api.files.bounds import LARGEST_TEXTS, MOST_EVENTS, MOST_TEXTS, FileError
from api.files.package import Package

_TEXT, _RUN, _PART = (f"{SHEET_MAIN_NS} {tag}" for tag in ("si", "r", "t"))
_BEGIN = re.compile(rb"<(?:[^<>\s/:]+:)?si[\s/>]")
_MEGABYTE = 1 << 20


class SharedTexts:
    """The shared strings of a workbook, by number."""

    def __init__(self, package: Package | None = None, name: str = "") -> None:
        """Read the part of this name; without a package there are no texts.

        Raises FileError, ExpatError.
        """
        self._bytes = bytearray()
        self._ends = array("Q")
        if package is not None:
            _check(package, name)
            _Table(self._add).read(package, name)

    def _add(self, text: str) -> None:
        self._bytes += text.replace("x005F_", "").encode()  # as openpyxl does
        self._ends.append(len(self._bytes))

    def __getitem__(self, number: int) -> str:
        """Return a text. Raises IndexError."""
        if not 0 <= number < len(self._ends):
            raise IndexError(number)
        begin = self._ends[number - 1] if number else 0
        return self._bytes[begin : self._ends[number]].decode()


def _check(package: Package, name: str) -> None:
    """Reject a table that is too large, before it is parsed. Raises FileError."""
    if package.getinfo(name).file_size > LARGEST_TEXTS:
        raise FileError(f"its texts have more than {LARGEST_TEXTS // _MEGABYTE} MB; save it as CSV")
    count = sum(len(_BEGIN.findall(piece)) for piece in package.tags(name))
    if count > MOST_TEXTS:
        raise FileError(f"it has more than {MOST_TEXTS:,} different texts; save it as CSV")


class _Table:
    """Parses the table; a text is the concatenation of its parts, without phonetic hints."""

    def __init__(self, add: Callable[[str], None]) -> None:
        self._add = add
        self._above: list[str] = ["", ""]  # the open elements
        self._found: list[str] = []
        self._events = 0

    def read(self, package: Package, name: str) -> None:
        part = package.metered(name)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._data
        parser.EndElementHandler = self._end
        self._step = part.step
        while piece := part.read():
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 - expat's flag for the last piece

    def _start(self, tag: str, _: Any) -> None:
        self._above.append(tag)
        self._events += 1
        if self._events > MOST_EVENTS:
            raise FileError("a text of it is made of too many parts")

    def _data(self, text: str) -> None:
        if self._above[-1] == _PART and self._above[-2] in {_TEXT, _RUN}:
            self._found.append(text)

    def _end(self, tag: str) -> None:
        self._above.pop()
        if tag == _TEXT:
            self._add("".join(self._found))
            self._found.clear()
            self._events = 0
            self._step()
