"""Atomic writing of files: to a temporary file, which is renamed at the end."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.files.bounds import FileError


@contextmanager
def published(path: Path) -> Iterator[IO[bytes]]:
    """Yield a temporary file that replaces `path` when the block ends, and is deleted on errors.

    Only its owner may read it, because it may contain personal data. Raises FileError if the file
    cannot be created.
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
