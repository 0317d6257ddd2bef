"""The embedded PostgreSQL starts, joins and recovers, wherever its home is."""

import asyncio
import os
import signal
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest

from db import embedded_postmaster
from db.embedded import EmbeddedServer, EmbeddedServerError, start
from tests.embedded_home import FAST, Starter, ask, in_child, open_ground, process_of, starter


@pytest.fixture
def ground() -> Iterator[Path]:
    with open_ground() as folder:
        yield folder


@pytest.fixture
def run(ground: Path) -> Iterator[Starter]:
    with starter(ground) as run:
        yield run


@pytest.fixture(scope="module")
def untouched() -> Iterator[EmbeddedServer]:
    """One server for the tests that only read from it."""
    with open_ground() as folder:
        server = start(folder / "home", settings={"shared_buffers": "16MB", "work_mem": "7MB"})
        yield server
        server.stop()


def one_line(error: pytest.ExceptionInfo[EmbeddedServerError]) -> str:
    """Return the error's text, which must be one line."""
    text = str(error.value)
    assert "\n" not in text
    return text


def test_first_start_is_quick_and_a_second_joins_it(ground, run):
    began = time.monotonic()
    first = run()
    assert time.monotonic() - began < 10
    second = run()
    assert (first.joined, second.joined) == (False, True)
    assert first.url == second.url
    assert first.log_file.exists()


def test_a_server_uses_utf8_and_knows_vietnamese_letters(untouched):
    assert ask(untouched, "SHOW server_encoding") == "UTF8"
    assert ask(untouched, "SELECT lower('CÔNG ĐOÀN VIỆT NAM')") == "công đoàn việt nam"
    assert ask(untouched, "SELECT to_tsvector('simple', 'Công-đoàn') @@ 'đoàn'") is True
    assert ask(untouched, "SHOW timezone") == "UTC"


def test_settings_given_at_start_win_over_ours(untouched):
    assert ask(untouched, "SHOW work_mem") == "7MB"
    assert ask(untouched, "SHOW jit") == "off"


def test_data_is_synced_to_disk_unless_told_otherwise(untouched, run):
    assert ask(untouched, "SHOW fsync") == "on"
    assert ask(run(), "SHOW fsync") == "off"


def test_nothing_listens_on_tcp(untouched):
    assert ask(untouched, "SHOW listen_addresses") == ""


def test_a_terminals_interrupt_does_not_reach_the_server(untouched):
    assert os.getsid(process_of(untouched)) != os.getsid(0)


def test_both_drivers_connect_by_url_where_the_path_has_a_space(untouched):
    async def connect() -> Any:
        connection = await asyncpg.connect(untouched.url_for(user="postgres", database="template1"))
        try:
            return await connection.fetchval("SELECT current_database()")
        finally:
            await connection.close()

    assert " " in str(untouched.data_directory)
    assert ask(untouched, "SELECT current_user") == "postgres"
    assert asyncio.run(connect()) == "template1"


@pytest.mark.parametrize("name", ["x" * 200, "a,b", 'it\'s $HOME "quoted" `id`'])
def test_a_path_no_socket_can_have_gets_a_short_private_one(ground, run, name):
    server = run(ground / name)
    assert ask(server, "SELECT 1") == 1
    link = ground / name / "postgres" / "socket"
    folder = link.readlink()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert in_child(lambda: start(ground / name).joined)
    os.kill(process_of(server), signal.SIGKILL)
    again = run(ground / name)
    assert again.url == server.url
    again.stop()
    assert not folder.exists()
    assert not link.is_symlink()


def test_stop_ends_the_server_and_may_be_said_twice(run):
    server = run()
    process = process_of(server)
    server.stop()
    assert embedded_postmaster._command_line(process) == []
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        ask(server, "SELECT 1")


def test_data_outlives_a_stop(run):
    server = run()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    again = run()
    assert not again.joined
    assert ask(again, "SELECT answer FROM kept") == 42


def test_an_owner_killed_leaves_a_server_to_join(ground, run):
    def die() -> None:
        start(ground / "home", settings=FAST)
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(die) is None
    assert run().joined


def test_a_server_killed_is_started_again(run):
    server = run()
    with psycopg.connect(server.url):
        os.kill(process_of(server), signal.SIGKILL)
    began = time.monotonic()
    again = run()
    assert not again.joined
    assert ask(again, "SELECT 1") == 1
    assert time.monotonic() - began < 10


def test_a_process_number_reused_by_another_program_is_no_server(run):
    server = run()
    note = server.data_directory / "postmaster.pid"
    lines = note.read_text().splitlines()
    server.stop()
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    assert run().joined is False


def test_a_server_whose_socket_was_swept_away_is_started_again(ground, run):
    server = run()
    next((ground / "home" / "postgres" / "socket").glob(".s.PGSQL.*")).unlink()
    again = run()
    assert not again.joined
    assert ask(again, "SELECT 1") == 1
    assert again.url == server.url


def test_a_half_made_database_is_made_anew(ground, run):
    run().stop()
    folder = ground / "home" / "postgres"
    owner = folder.stat()
    (folder / "data").rename(folder / "data.new-interrupted")
    (folder / "data.new-interrupted" / "PG_VERSION").unlink()
    os.chown(folder / "data.new-interrupted", owner.st_uid, owner.st_gid)
    assert ask(run(), "SELECT 1") == 1
    assert not list(folder.glob("data.new-*"))


@pytest.mark.parametrize("delay", [0.05, 0.25, 0.5])
def test_a_start_killed_at_any_moment_is_recovered(ground, run, delay):
    child = os.fork()
    if child == 0:
        try:
            start(ground / "home", settings=FAST)
        finally:
            os._exit(0)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert ask(run(), "SELECT 1") == 1


def test_two_processes_at_once_share_one_server(ground, run):
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: in_child(lambda: run().joined), range(4)))
    assert sorted(servers) == [False, True, True, True]
    assert run().joined


def test_threads_at_once_share_one_server(run):
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: run(), range(4)))
    assert sorted(server.joined for server in servers) == [False, True, True, True]


def test_a_home_that_cannot_be_made_is_one_clear_line(ground, run):
    (ground / "file").write_text("")
    with pytest.raises(EmbeddedServerError) as error:
        run(ground / "file" / "home")
    assert str(ground / "file" / "home") in one_line(error)
    assert "SANGKIEN_HOME" in one_line(error)


def test_a_wrong_setting_is_one_clear_line_with_the_servers_reason(run):
    with pytest.raises(EmbeddedServerError) as error:
        run(no_such_setting="1")
    assert 'unrecognized configuration parameter "no_such_setting"' in one_line(error)
    assert run().joined is False


def test_data_of_another_major_version_is_refused(run):
    server = run()
    server.stop()
    (server.data_directory / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError) as error:
        run()
    assert "is version 18" in one_line(error)
    assert "was made by version 17" in one_line(error)
