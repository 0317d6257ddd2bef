"""An interrupted import leaves no row and no lock."""

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from api.settings import DEMO_TODAY
from tests.filing import PEOPLE, written
from tests.mutating import value

LOCKED = "select count(*) from pg_locks where locktype = 'transactionid' and not granted"
WRITING = """
    select count(*) from pg_stat_activity
    where usename = 'sangkien_writer' and datname = current_database()
"""


def waited_for(url, query, *, wanted):
    for _ in range(600):
        if bool(value(url, query)) == wanted:
            return
        time.sleep(0.1)
    raise AssertionError(query)


def heed_interrupts():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_ended_leaves_nothing(programme, tmp_path, end):
    people = [(f"NV-{n}", "Nguyễn Thử", "VNPT-HNI", "PUBLIC", "", "") for n in range(1_500)]
    file = written(tmp_path / "people.csv", PEOPLE, *people)
    environment = {"SANGKIEN_DATABASE_URL": programme, "SANGKIEN_TODAY": DEMO_TODAY.isoformat()}
    with psycopg.connect(programme) as other:
        # A transaction with the same code makes it wait in its last rows.
        other.execute(
            "insert into person (code, name, unit_id, sector)"
            " select 'NV-1400', 'x', id, 'PUBLIC' from unit where code = 'VNPT-HNI'"
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "import", "people", str(file), "--as", "tttt-admin"],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
            # Background processes of a shell start with this signal ignored.
            preexec_fn=heed_interrupts,  # noqa: PLW1509 - it is all that happens there
        )
        waited_for(programme, LOCKED, wanted=True)
        process.send_signal(end)
        _, told = process.communicate(timeout=15)
        assert process.returncode != 0
        assert "Traceback" not in told
        other.rollback()
    waited_for(programme, WRITING, wanted=False)
    assert value(programme, "select count(*) from person where code like 'NV-%%'") == 0
    assert value(programme, "select count(*) from audit_event where action = 'import'") == 0
