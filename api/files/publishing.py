"""Files that are there whole or not at all: written beside their place, and renamed at the end."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.files.bounds import FileError


@contextmanager
def published(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes its place when the block ends, and is gone where it fails.

    Only its owner may read it, as it may hold personal data. What was there before is replaced.
    Raises FileError where it cannot be.
    """
    if path.exists() and not path.is_file():
        raise FileError(f"{path} is there and is no file")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.resolve().parent)
    except OSError as error:
        raise FileError(f"{path} cannot be written ({error.strerror})") from error
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path.resolve())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
