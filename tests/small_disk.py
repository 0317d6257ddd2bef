"""A small disk that fills up, for an embedded server."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SMALL = {
    "shared_buffers": "16MB",
    "min_wal_size": "32MB",
    "max_wal_size": "32MB",
    "wal_recycle": "off",
}


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder on a disk of 200 MB; the test skips where none can be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="sangkien-full-"))
    options = ["-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs"]
    if os.geteuid() != 0 or subprocess.call(["mount", *options, folder]):  # noqa: S607 - as found
        folder.rmdir()
        pytest.skip("NO SMALL DISK CAN BE MOUNTED HERE: A FULL DISK IS NOT TESTED")
    yield folder
    subprocess.check_call(["umount", "-l", folder])  # noqa: S607 - as found
    folder.rmdir()


def fill(folder: Path) -> Path:
    """Fill the disk of a folder with one file."""
    ballast = folder / "ballast"
    descriptor = os.open(ballast, os.O_CREAT | os.O_WRONLY)
    try:
        while os.write(descriptor, bytes(4_096)):
            pass
    except OSError:
        return ballast
    finally:
        os.close(descriptor)
    raise AssertionError
