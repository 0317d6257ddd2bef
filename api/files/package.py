"""The ZIP file that a workbook is, looked through before anything in it is taken into memory."""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from api.files.bounds import LARGEST_PART, LARGEST_ROW, FileError

_CHUNK = 1 << 16
_STEP = re.compile(rb"<(?:\w+:)?(?:row|si)\b")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b")
_MEGABYTE = 1 << 20


def check(path: Path) -> None:
    """Refuse a workbook that would unpack to more than it may hold. Raises FileError."""
    with ZipFile(path) as archive:
        parts = archive.infolist()
        # What is read stops at the size that is told here, so it cannot be too small.
        if sum(part.file_size for part in parts) > LARGEST_PART:
            raise FileError(f"it unpacks to more than {LARGEST_PART // _MEGABYTE} MB")
        for part in parts:
            if part.file_size > LARGEST_ROW:
                _check_steps(_chunks(archive, part.filename))


def check_merges(path: Path, sheet: str) -> None:
    """Refuse merged cells: which row such a value belongs to is not certain. Raises FileError."""
    with ZipFile(path) as archive:
        last = b""
        for chunk in _chunks(archive, sheet):
            if _MERGED.search(last + chunk):
                raise FileError("cells are merged; each row must have its own values")
            last = chunk[-50:]


def _check_steps(chunks: Iterator[bytes]) -> None:
    """Refuse what goes on for too long without a new row, or a new text."""
    since = 0
    for chunk in chunks:
        steps = [match.start() for match in _STEP.finditer(chunk)]
        since = len(chunk) - steps[-1] if steps else since + len(chunk)
        if since > LARGEST_ROW:
            raise FileError(f"a part of it takes more than {LARGEST_ROW // _MEGABYTE} MB")


def _chunks(archive: ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            yield chunk
