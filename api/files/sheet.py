"""A file's rows, whatever its format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Row = tuple[int, list[str]]
"""The line that a row begins in, from 1, and the texts of its cells."""


@dataclass(frozen=True)
class Sheet:
    """The rows of a file, the header first; how much there is and how much is done, if known."""

    rows: Iterator[Row]
    size: int
    done: Callable[[], int]
