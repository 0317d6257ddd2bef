"""The rows of a file in any format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Row = tuple[int, list[str]]
"""The number of the row's first line, from 1, and the texts of its cells."""


@dataclass(frozen=True)
class Sheet:
    """The rows of a file, starting with the header; `size` and `done` measure the progress."""

    rows: Iterator[Row]
    size: int
    done: Callable[[], int]
