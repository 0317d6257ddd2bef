"""docs/operations.md is true: its commands are run in their order, on Debian's PostgreSQL 15."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests import postgres15 as debian

pytestmark = pytest.mark.postgres15

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
SECTIONS = ("Install", "Backup and restore", "Upgrade")


def commands():
    """The blocks of shell of the sections, in their order."""
    parts = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return [
        block
        for section in SECTIONS
        for block in re.findall(r"^```shell\n(.*?)^```$", texts[section], re.MULTILINE | re.DOTALL)
    ]


def test_every_command_of_the_page_works(postgres15, tmp_path):
    assert postgres15.port
    with debian.running() as first, debian.running() as other:
        ports = {"5432": str(first.port), "5433": str(other.port)}
        script = re.sub(r"\b543[23]\b", lambda found: ports[found[0]], "\n".join(commands()))
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={
                **os.environ,
                "PATH": f"{debian.PROGRAMS}:{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(first.port),
                "PGUSER": "dba",
                "PGPASSWORD": debian.ADMIN_PASSWORD,
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert done.stdout.count("https://sangkien.example.vn/oauth/invitation/") == 1
        assert "3 units imported" in done.stdout
        assert done.stdout.count(" objects compared") == done.stdout.count(", 0 differ\n") / 2 == 4
        for server, database in ((first, "copy"), (other, "sangkien")):
            with psycopg.connect(server.admin.replace("/postgres", f"/{database}")) as connection:
                assert connection.execute("select count(*) from unit").fetchone() == (4,)
