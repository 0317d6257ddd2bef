"""docker-compose.yml and deploy/postgres/roles.sql fit together, on Debian's PostgreSQL 15."""

import os
import re
import shutil
import subprocess
import sys

import psycopg
import pytest
from ruamel.yaml import YAML

from tests import postgres15 as debian
from tests.test_cli import ROOT, free_port, run, wait_until_ready

pytestmark = pytest.mark.postgres15

SERVICES = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
INIT = ("--code", "TLD", "--name", "Tổng Liên đoàn", "--admin", "it", "--admin-name", "Quản Trị")


@pytest.fixture(scope="module")
def compose(postgres15, tmp_path_factory):
    """A server that the image's script has prepared, and a service's environment on it."""
    assert postgres15.port, "it is skipped where there is no PostgreSQL 15"
    folder = tmp_path_factory.mktemp("compose")
    (folder / "deploy").mkdir()
    script = shutil.copy(ROOT / "deploy" / "secrets.sh", folder / "deploy")
    subprocess.run(["/bin/sh", script], check=True, capture_output=True)

    with debian.running() as server:

        def environment(service):
            given = {}
            for name, value in SERVICES[service]["environment"].items():
                text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
                text = text.replace("/run/secrets", str(folder / "secrets"))
                given[name] = text.replace("@database:5432", f"@127.0.0.1:{server.port}")
            return given

        done = subprocess.run(
            [
                *(debian.PROGRAMS / "psql", "--no-psqlrc", "--quiet", f"--dbname={server.admin}"),
                *("--file", ROOT / "deploy" / "postgres" / "roles.sql"),
            ],
            env={**os.environ, "SECRETS": str(folder / "secrets")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        yield server, environment


def test_the_owner_without_createrole_migrates_initialises_and_verifies(compose):
    server, environment = compose
    settings = environment("migrate")
    words = SERVICES["migrate"]["command"]
    assert words[0] == "sangkien"
    for _ in range(2):
        done = run(*words[1:], **settings)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "migrated to head\n")
    done = run("init", *INIT, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("https://localhost/oauth/invitation/")
    done = run("verify", **settings)
    assert done.returncode == 0, done.stdout
    with psycopg.connect(server.admin) as connection:
        strong = connection.execute(
            "select rolname from pg_roles where rolname like 'sangkien%'"
            " and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)"
        ).fetchall()
    assert strong == []


def test_the_api_serves_by_its_own_settings(compose):
    _, environment = compose
    settings, port = environment("api"), free_port()
    settings["SANGKIEN_METRICS_PORT"] = str(free_port())
    assert run("migrate", **environment("migrate")).returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until_ready(port, process)
    finally:
        process.terminate()
        process.communicate(timeout=60)
