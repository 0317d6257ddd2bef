"""The command line: its output, and one clear line for each error."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from schema.build import sdl
from tests.embedded_home import open_ground

ROOT = Path(__file__).parent.parent


def run(*words, timeout=60, **environment):
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_committed_schema_is_the_one_that_is_served():
    assert run("schema").stdout == sdl() == (ROOT / "schema.graphql").read_text("utf-8")


def test_a_token_stands_alone_on_standard_output(demo):
    done = run("token", "tttt-admin", SANGKIEN_DATABASE_URL=demo)
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert done.stdout.count(".") == 2
    assert done.stderr == ""


def test_verify_tells_how_many_cells_it_compared(demo):
    done = run("verify", SANGKIEN_DATABASE_URL=demo)
    assert done.returncode == 0, done.stdout
    assert "cells compared, 0 differ" in done.stdout


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        (["token", "stranger"], {}, "no account 'stranger'"),
        (["token", "public"], {}, "no account 'public'"),
        (["serve"], {"SANGKIEN_PORT": "eighty"}, "SANGKIEN_PORT='eighty' cannot be"),
        (["serve"], {"SANGKIEN_PORT": "70000"}, "SANGKIEN_PORT='70000' cannot be"),
        (["serve"], {"SANGKIEN_TODAY": "soon"}, "SANGKIEN_TODAY='soon' cannot be"),
        (["serve"], {"SANGKIEN_DATABASE_URL": "mysql://x"}, "SANGKIEN_DATABASE_URL"),
        (
            ["serve"],
            {"SANGKIEN_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"},
            "the database cannot be used",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(demo, words, environment, told):
    done = run(*words, **{"SANGKIEN_DATABASE_URL": demo, **environment})
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_busy_port_is_told_in_one_line(demo):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, SANGKIEN_DATABASE_URL=demo)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_it_does_not_serve_as_a_role_that_passes_row_level_security(server, demo):
    superuser = server.url_for(user="postgres", database="demo_data")
    done = run("serve", SANGKIEN_DATABASE_URL=demo, SANGKIEN_READER_URL=superuser)
    assert done.returncode == 1
    assert "passes row-level security" in done.stderr


def test_a_database_that_is_not_migrated_is_told(server):
    empty = server.url_for(user="postgres", database="postgres")
    done = run("token", "anybody", SANGKIEN_DATABASE_URL=empty)
    assert done.returncode == 1
    assert "sangkien migrate" in done.stderr


USERNAMES = (
    *("confed-admin", "tttt-admin", "upper-officer", "unit-officer", "council"),
    *("support", "member", "auditor", "tttt-auditor", "nobody"),
)


def started(home, port, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *words, "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "SANGKIEN_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until_ready(port, process):
    for _ in range(900):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None:
            raise AssertionError(process.stdout.read())
        time.sleep(0.1)
    raise AssertionError("not ready in 90 s")


def wait_until_free(port):
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    raise AssertionError("workers hold the port 10 s after the one that started them was killed")


def test_the_demo_starts_from_nothing_and_again_after_it_was_killed():
    query = {"query": '{ unit(code: "TLD") { progress(campaign: "1TRSK") { achieved } } }'}
    with open_ground() as ground:
        home, answers, port = ground / "home", [], free_port()
        for end, workers in ((signal.SIGKILL, "2"), (signal.SIGTERM, "1")):
            process = started(home, port, "demo", "--workers", workers)
            try:
                wait_until_ready(port, process)
                answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json=query)
                answers.append(answer.json())
                accounts = httpx.get(f"http://127.0.0.1:{port}/demo/accounts").json()
                assert [account["username"] for account in accounts] == list(USERNAMES)
            finally:
                process.send_signal(end)
                process.wait(20)
                process.stdout.close()
                wait_until_free(port)
        assert answers[0] == answers[1]
        assert answers[0]["data"]["unit"]["progress"]["achieved"] > 3572
        assert not list(home.glob("**/postmaster.pid")), "the last one to leave ends the server"
