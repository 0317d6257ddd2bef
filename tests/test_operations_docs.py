"""Runs the commands of docs/operations.md in their order, on Debian's PostgreSQL 15."""

import os
import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import click
import psycopg
import pytest
from ruamel.yaml import YAML

from api.cli import cli
from api.settings import Settings
from tests import postgres15 as debian
from tests.operations_page import at_present, blocks, sections
from tests.test_cli import free_port

ROOT = Path(__file__).parents[1]
# Stand-ins for programs of the machine: a service manager, and a GraphQL client.
STAND_INS = """
SERVER=
stopped() { if [ -n "$SERVER" ]; then kill "$SERVER"; wait "$SERVER" || true; SERVER=; fi; }
trap stopped EXIT
systemctl() {
    if [ "$1" != start ] && [ "$1" != enable ]; then stopped; fi
    if [ "$1" = stop ]; then return; fi
    (
        unset ${!SANGKIEN_*}
        set -a
        SANGKIEN_PORT=8000 SANGKIEN_DRAIN_SECONDS=0
        . ./serve.env
        exec $EXEC_START
    ) >>serve.log 2>&1 &
    SERVER=$!
    curl --silent --output /dev/null --fail --retry 90 --retry-delay 1 --retry-connrefused \\
        http://127.0.0.1:8000/readyz
}
graphql() { "$PYTHON" -c "$ASK" "$(sangkien token "$1")"; }
"""
ASK = """
import sys, httpx
answer = httpx.post("http://127.0.0.1:8000/graphql", json={"query": sys.stdin.read()},
    headers={"Authorization": "Bearer " + sys.argv[1]}, timeout=60)
told = answer.json()
outcomes = (told.get("data") or {"": None}).values()
if "errors" in told or any(not one or "message" in one for one in outcomes):
    sys.exit(answer.text)
print(answer.text)
"""


def unit_file():
    """Return the service's file, as its manager reads it."""
    (block,) = (block for block in blocks() if block.language == "ini")
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(block.text)
    return parser


def commands():
    """Return all commands of the page, in their order."""
    parts = []
    for block in blocks():
        if block.language == "shell":
            parts.append(block.text)
        elif block.language == "graphql":
            document = at_present(block.text)
            parts.append(f"graphql {block.about} <<'END_OF_DOCUMENT'\n{document}END_OF_DOCUMENT\n")
    return "\n".join(parts)


@pytest.mark.postgres15
def test_every_command_of_the_page_works(postgres15, tmp_path):
    assert postgres15.port
    service = unit_file()["Service"]
    assert service["EnvironmentFile"] == f"{service['WorkingDirectory']}/serve.env"
    started = service["ExecStart"].removeprefix(f"{service['WorkingDirectory']}/.venv/bin/")
    with debian.running() as first, debian.running() as other:
        ports = {"5432": first.port, "5433": other.port, "8000": free_port()}

        def with_ports(text):
            return re.sub(r"\b(5432|5433|8000)\b", lambda found: str(ports[found[0]]), text)

        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", with_ports(STAND_INS + commands())],
            cwd=tmp_path,
            env={
                **os.environ,
                "PATH": f"{debian.PROGRAMS}:{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(first.port),
                "PGUSER": "dba",
                "PGPASSWORD": debian.ADMIN_PASSWORD,
                "LC_ALL": "C.UTF-8",
                "PYTHON": sys.executable,
                "ASK": with_ports(ASK),
                "EXEC_START": started,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        # Of init, of the lost password, of the successor and of the stolen account.
        assert done.stdout.count("https://sangkien.example.vn/oauth/invitation/") == 4
        assert "3 units imported" in done.stdout
        assert '"state":"RECOGNISED"' in done.stdout
        assert "lost" not in done.stdout
        verified = len(re.findall(r"^\s*(?:\w+=\S+ )?sangkien verify\b", commands(), re.MULTILINE))
        assert verified > 8
        assert done.stdout.count(" objects compared") == verified
        assert done.stdout.count(", 0 differ\n") == 2 * verified
        for server, database in ((first, "sangkien"), (first, "copy"), (other, "sangkien")):
            with psycopg.connect(server.admin.replace("/postgres", f"/{database}")) as connection:
                assert connection.execute("select count(*) from unit").fetchone() == (4,)
                assert connection.execute("select state from initiative").fetchone() == (
                    "RECOGNISED",
                )


def test_the_page_s_blocks_are_all_of_a_kind_that_a_test_carries_out():
    assert {block.language for block in blocks()} == {"shell", "graphql", "ini", "docker"}


def test_the_settings_that_the_page_names_exist():
    text = "".join(sections().values())
    named = set(re.findall(r"\bSANGKIEN_([A-Z_]+[A-Z])\b", text))
    assert len(named) > 15
    known = {name.upper() for name in Settings.model_fields} | {"HOSTNAME"}  # of the compose file
    assert {name.removesuffix("_FILE") for name in named} - known == set()


def docker_commands():
    (block,) = (block for block in blocks("Docker"))
    lines = block.text.replace("\\\n", " ").splitlines()
    return [words[2:] for words in map(shlex.split, lines) if words[:2] == ["docker", "compose"]]


def parsed(words):
    """Parse a command line without running it."""
    command, context = cli, cli.make_context("sangkien", list(words))
    while isinstance(command, click.Group):
        name, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert command is not None
        context = command.make_context(name, rest, parent=context)
    return command


# There is no Docker engine where the tests run: NOT RUN, only compared with what they name.
def test_docker_s_commands_name_services_and_commands_that_exist():
    composed = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    services = composed["services"]
    profiles = {name for service in services.values() for name in service.get("profiles", ())}
    assert (ROOT / "deploy" / "secrets.sh").exists()
    ran = 0
    for words in docker_commands():
        assert words[0] != "--profile" or words[1] in profiles
        verb, *rest = words[2:] if words[0] == "--profile" else words
        if verb == "up":
            assert rest == ["--detach"]
        elif verb == "restart":
            assert set(rest) <= set(services)
        else:
            assert (verb, rest[0]) == ("run", "--rm")
            assert rest[1] in services
            assert rest[2] == services["migrate"]["command"][0] == "sangkien"
            assert parsed(rest[3:]).callback is not None
            ran += 1
    assert ran >= 3
