"""An unusable database ends a command with one line of our own text."""

import os
import re
import socket
import struct
import threading
from contextlib import contextmanager

import pytest

from db.url import with_password, with_role
from tests.postgres15 import OWNER_PASSWORD, new_name
from tests.test_cli import run
from tests.test_roles import named

INIT = ("--code", "A", "--name", "A", "--admin", "a", "--admin-name", "A")
COMMANDS = [("migrate",), ("token", "a"), ("serve",)]


def told(done, *secrets):
    """Return the single line that a command ended with: our own text, without secrets."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("sangkien: ")
    assert done.stderr.count("\n") == 1
    for words in ("Traceback", "Error", "FATAL", "connection to server", *secrets):
        assert words not in done.stderr
    return done.stderr.removeprefix("sangkien: ").rstrip()


def settings_of(url, reader=None, writer=None):
    return {
        "SANGKIEN_DATABASE_URL": url,
        "SANGKIEN_READER_URL": reader or with_role(url, "a_reader"),
        "SANGKIEN_WRITER_URL": writer or with_role(url, "a_writer"),
    }


@pytest.fixture(scope="module")
def installation(postgres15):
    """The settings of a migrated installation on PostgreSQL 15."""
    name = new_name()
    settings = named(postgres15.create(name), name)
    assert run("migrate", **settings).returncode == 0
    return settings


@pytest.mark.postgres15
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_wrong_password_is_one_line(installation, words):
    wrong = {name: with_password(url, "wr0ng-secret") for name, url in installation.items()}
    line = told(run(*words, **wrong), "wr0ng-secret", "127.0.0.1")
    setting = "READER" if words == ("serve",) else "DATABASE"
    assert f"SANGKIEN_{setting}_URL: PostgreSQL rejects the role or its password" in line


@pytest.mark.postgres15
@pytest.mark.parametrize("setting", ["READER", "WRITER"])
def test_of_two_urls_the_wrong_one_is_named(installation, setting):
    name = f"SANGKIEN_{setting}_URL"
    wrong = {**installation, name: with_password(installation[name], "wr0ng-secret")}
    del wrong["SANGKIEN_DATABASE_URL"]
    assert f"{name}: PostgreSQL rejects the role" in told(run("serve", **wrong), "wr0ng-secret")


@pytest.mark.postgres15
@pytest.mark.parametrize("words", [("init", *INIT), ("export", "units", "-", "--as", "a")])
def test_a_database_that_does_not_exist_is_one_line(installation, words):
    other = {name: url.rpartition("/")[0] + "/n0where" for name, url in installation.items()}
    line = told(run(*words, **other), "n0where")
    assert "_URL: the database that it names does not exist" in line


@pytest.mark.postgres15
def test_a_role_without_the_right_to_connect_is_one_line(postgres15, installation):
    stranger = postgres15.create(new_name())
    database = installation["SANGKIEN_DATABASE_URL"].rpartition("/")[2]
    url = f"{stranger.rpartition('/')[0]}/{database}"
    line = told(run("token", "a", SANGKIEN_DATABASE_URL=url), OWNER_PASSWORD)
    assert "SANGKIEN_DATABASE_URL: the role lacks a right in the database" in line


@pytest.mark.postgres15
def test_a_role_that_is_not_the_owner_is_one_line(installation):
    reader = {"SANGKIEN_DATABASE_URL": installation["SANGKIEN_WRITER_URL"]}
    line = told(run("accounts", "add", "b", **reader))
    assert "the role lacks a right in the database" in line


@pytest.mark.parametrize("words", [("verify",), ("serve",)])
def test_a_host_that_is_not_found_is_one_line_that_does_not_repeat_it(words):
    # With an unescaped @ in the password, its rest becomes part of the host.
    url = "postgresql://a:p4ss@w0rd.invalid/a"
    line = told(run(*words, **settings_of(url)), "w0rd", "p4ss")
    assert "_URL: its host is not found" in line
    assert re.search("or set by SANGKIEN_(DATABASE|READER)_PASSWORD", line)


@contextmanager
def answering(version):
    """The port of a server of this version that accepts everybody, and then answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def message(kind, body):
            return kind + struct.pack("!i", len(body) + 4) + body

        def answer():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    length, code = struct.unpack("!ii", peer.recv(8, socket.MSG_WAITALL))
                    while code != 3 << 16:  # requests for TLS and GSSAPI come before
                        peer.sendall(b"N")
                        length, code = struct.unpack("!ii", peer.recv(8, socket.MSG_WAITALL))
                    peer.recv(length - 8, socket.MSG_WAITALL)
                    status = b"".join(
                        message(b"S", name + b"\0" + value + b"\0")
                        for name, value in (
                            (b"server_version", version.encode()),
                            (b"client_encoding", b"UTF8"),
                            (b"standard_conforming_strings", b"on"),
                        )
                    )
                    peer.sendall(message(b"R", bytes(4)) + status + message(b"Z", b"I"))
                    while peer.recv(1024):
                        pass

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_server_that_is_too_old_is_one_line(words):
    with answering("14.19 (Debian 14.19-1)") as port:
        line = told(run(*words, **settings_of(f"postgresql://a@127.0.0.1:{port}/a")))
    assert line == "the database is PostgreSQL 14; sangkien needs PostgreSQL 15 or newer"


def test_an_administrator_s_command_needs_the_owner_s_url_alone(programme):
    url = with_password(programme, "it-is-not-asked-for")
    environment = {name: "" for name in os.environ if name.startswith("SANGKIEN_")}
    for words in (("accounts", "add", "new.one"), ("verify",)):
        done = run(*words, **environment, SANGKIEN_DATABASE_URL=url)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
