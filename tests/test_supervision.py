"""An embedded server that stops while it is in use is restarted."""

import logging
import os
import signal
import time

import psycopg
import pytest

from db.embedded import start
from db.embedded_supervision import revivals, supervised
from tests.embedded_home import FAST, open_ground, process_of
from tests.small_disk import SMALL, fill, small_disk

__all__ = ["small_disk"]


@pytest.fixture
def running():
    with open_ground() as ground:
        server = start(ground / "home", settings=FAST)
        yield server
        server.stop()


def until_answered(server):
    end = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(server.url) as connection:
                return connection.execute("select 1").fetchone()
        except psycopg.OperationalError:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGQUIT, signal.SIGINT])
def test_a_server_that_ended_comes_back_and_the_log_says_so_once(running, how, caplog):
    with caplog.at_level(logging.WARNING), supervised(running):
        process = process_of(running)
        os.kill(process, how)
        while running.is_running and process_of(running) == process:
            time.sleep(0.05)
        assert until_answered(running) == (1,)
        time.sleep(1)
        assert revivals(running.home) == 1
    assert len(caplog.messages) == 2
    assert "has ended" in caplog.messages[0]
    assert "is back" in caplog.messages[1]


def test_two_that_supervise_one_home_start_one_server(running):
    with supervised(running), supervised(running):
        os.kill(process_of(running), signal.SIGKILL)
        assert until_answered(running) == (1,)
        process = process_of(running)
        time.sleep(2)
        assert process_of(running) == process


def test_how_often_it_came_back_is_counted_from_the_start_of_the_supervision(running):
    with supervised(running):
        for times in (1, 2):
            os.kill(process_of(running), signal.SIGKILL)
            end = time.monotonic() + 60
            while revivals(running.home) < times:
                assert time.monotonic() < end
                time.sleep(0.1)
            assert until_answered(running) == (1,)
    assert revivals(running.home) == 2
    with supervised(running):
        assert revivals(running.home) == 0
    assert revivals(running.home / "nowhere") == 0


def test_a_server_that_is_stopped_stays_so_once_nobody_supervises(running):
    with supervised(running):
        pass
    running.stop()
    time.sleep(1)
    assert not running.is_running


def test_data_that_was_removed_is_not_made_again_and_the_log_says_why_once(running, caplog):
    data = running.data_directory
    with caplog.at_level(logging.WARNING), supervised(running):
        aside = data.with_name("aside")
        data.rename(aside)
        time.sleep(3)
        made = data.exists()
        aside.rename(data)
        time.sleep(2.5)
    assert not made
    assert sum("has lost its data" in message for message in caplog.messages) == 1


def test_a_server_that_a_full_disk_ended_comes_back_once_there_is_room(small_disk, caplog):
    running = start(small_disk / "home", settings=SMALL)
    try:
        with caplog.at_level(logging.WARNING), supervised(running):
            with psycopg.connect(running.url, autocommit=True) as connection:
                connection.execute("select 1")  # a session's first statement writes files
                ballast = fill(small_disk)
                with pytest.raises(psycopg.OperationalError):
                    write_ahead(connection, megabytes=64)
            time.sleep(4)
            assert not running.is_running
            ballast.unlink()
            assert until_answered(running) == (1,)
            time.sleep(1)
        assert len(caplog.messages) <= 5, caplog.messages
        assert "No space left" in caplog.text
    finally:
        running.stop()


def write_ahead(connection, megabytes):
    """Write so much to the write-ahead log that a server without disk space stops."""
    for _ in range(megabytes):
        connection.execute("select pg_logical_emit_message(false, 'test', repeat('x', 1 << 20))")
