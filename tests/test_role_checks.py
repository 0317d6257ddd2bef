"""Roles that are too strong, without a secret password, or with a shared one are rejected."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy.engine import make_url

from api import serving, settings
from api.listening import is_loopback
from api.passwords import is_known
from api.role_checks import check_owner, check_serving
from api.settings import Settings, SettingsError
from db.url import READER, WRITER, password_of, with_password, with_role
from tests.test_cli import free_port, run, wait_until_ready

ROOT = Path(__file__).parent.parent
EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is what is refused
_numbers = count()


def as_role(url, role, password=None):
    named = with_role(url, role)
    return with_password(named, password) if password else named


@contextmanager
def role(server, database, *statements):
    """A role of the test's own; `{}` in the statements is its name."""
    name = f"role_{os.getpid()}_{next(_numbers)}"
    superuser = server.url_for(user="postgres", database=make_url(database).database)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f"create role {name} login")
        try:
            for statement in statements:
                connection.execute(statement.format(name))
            yield name
        finally:
            connection.execute(f"drop owned by {name} cascade")
            connection.execute(f"drop role if exists between_{name}")
            connection.execute(f"drop role {name}")


def refused(config, check=check_serving):
    with pytest.raises(SettingsError) as error:
        check(config)
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith("SANGKIEN_")
    return text


TOO_STRONG = {
    "a superuser": ["alter role {} superuser"],
    "one that passes policies": ["alter role {} bypassrls"],
    "one that makes roles": ["alter role {} createrole"],
    "one that replicates": ["alter role {} replication"],
    "a member of the owner": ["grant sangkien_owner to {}"],
    "a member of a member of the owner": [
        "create role between_{}", "grant sangkien_owner to between_{0}",
        "grant between_{0} to {0}",
    ],
    "a member that has to set it": ["alter role {} noinherit", "grant sangkien_owner to {}"],
    "one that reads all": ["grant pg_read_all_data to {}"],
    "one that writes all": ["grant pg_write_all_data to {}"],
    "one that runs programs": ["grant pg_execute_server_program to {}"],
    "the owner of a table": ["create table mine_{} ()", "alter table mine_{0} owner to {0}"],
    "the owner of a function": [
        "create function mine_{}() returns int language sql return 1",
        "alter function mine_{0} owner to {0}",
    ],
}  # fmt: skip


@pytest.mark.parametrize("setting", ["reader_url", "writer_url"])
@pytest.mark.parametrize("name", TOO_STRONG)
def test_a_role_that_is_too_strong_does_not_serve(server, database, setting, name):
    with role(server, database, *TOO_STRONG[name]) as strong:
        given = {setting: as_role(database, strong)}
        text = refused(Settings(database_url=database, **given))
        assert text.startswith(f"SANGKIEN_{setting.upper()}")
        assert strong in text


def test_reader_and_writer_are_two_roles_and_neither_is_of_the_other(server, database):
    both = Settings(database_url=database, reader_url=as_role(database, WRITER))
    assert "both of the role" in refused(both)
    swapped = Settings(reader_url=as_role(database, WRITER), writer_url=as_role(database, READER))
    assert "may write" in refused(swapped)
    with role(server, database, f"grant {WRITER} to {{}}") as member:
        given = Settings(database_url=database, reader_url=as_role(database, member))
        assert f"member of {WRITER}" in refused(given)


def test_the_roles_of_a_migrated_database_serve(database):
    check_serving(Settings(database_url=database))
    check_owner(Settings(database_url=database))


@pytest.mark.parametrize(
    "password",
    ["sangkien", "postgres", "password", "changeme", "P@ssw0rd!", "change-me", "12345678",
     "secret1", READER, "sangkien_reader_2024", "aaaaaaaaaa", "SANGKIEN", "--"],
)  # fmt: skip
def test_a_known_password_is_refused_outside_the_demo(database, password):
    given = {"reader_url": as_role(database, READER, password)}
    config = Settings(database_url=database, **given)
    for check in (check_serving, check_owner):
        text = refused(config, check)
        assert text.startswith("SANGKIEN_READER_URL: the password")
        assert password.isalpha() or password in {READER, "--"} or password not in text
    check_serving(config.model_copy(update={"demo": True}))


@pytest.mark.parametrize(
    "password", ["kR7-xv_9q2LmWz", "tổ-sáng-kiến-47", "a@b/c:d%e fgh", "sangkien-kR7x"]
)
def test_another_password_is_taken(password):
    assert not is_known(password, READER)


SAME = "kR7-xv_9q2LmWz"


@pytest.mark.parametrize(
    "roles", [("database", "reader"), ("database", "writer"), ("reader", "writer")]
)
def test_two_roles_with_one_password_are_refused(database, roles):
    urls = {"database": database, "reader": with_role(database, READER),
            "writer": with_role(database, WRITER)}  # fmt: skip
    given = {
        f"{name}_url": with_password(url, SAME if name in roles else f"{name}-9q2LmWz")
        for name, url in urls.items()
    }
    for check in (check_serving, check_owner):
        text = refused(Settings(**given), check)
        assert "have the same password" in text
        assert SAME not in text


def test_one_password_for_all_by_the_environment_is_refused(database, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", SAME)
    assert "have the same password" in refused(Settings(database_url=database))


def test_the_password_of_the_owner_is_handed_to_no_other_role():
    config = Settings(database_url="postgresql://owner:s3cret-7Q@db/x")
    with pytest.raises(SettingsError, match="SANGKIEN_READER_URL is not set"):
        config.serving_urls()
    named = Settings(database_url="postgresql:///x?user=owner&password=s3cret-7Q")
    with pytest.raises(SettingsError, match="SANGKIEN_READER_URL is not set"):
        named.urls()
    free = Settings(database_url="postgresql://owner@db/x")
    assert free.serving_urls() == ("postgresql://sangkien_reader@db/x",
                                   "postgresql://sangkien_writer@db/x")  # fmt: skip


def test_a_superuser_does_not_migrate(server, database):
    superuser = server.url_for(user="postgres", database="postgres")
    text = refused(Settings(database_url=superuser), check_owner)
    assert text.startswith("SANGKIEN_DATABASE_URL: the role postgres is a superuser")
    with role(server, database, "grant postgres to {}") as member:
        assert "superuser" in refused(Settings(database_url=as_role(database, member)), check_owner)
    done = run("migrate", SANGKIEN_DATABASE_URL=superuser)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "superuser" in done.stderr


def test_the_owner_is_neither_reader_nor_writer(database):
    config = Settings(database_url=database, reader_url=database)
    assert "owns" in refused(config, check_owner)
    assert refused(config).endswith("name another role")


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "READER_URL", "WRITER_URL", "METRICS_TOKEN", "OIDC_ISSUERS"]
)
@pytest.mark.parametrize("fault", ["missing", "empty", "binary", "huge", "twice", "folder"])
def test_a_secret_file_that_is_none_is_refused_in_one_line(monkeypatch, tmp_path, name, fault):
    file = tmp_path / "secret"
    content = {"empty": b"\n", "binary": b"\xff\xfe\0", "huge": b"x" * 70_000, "twice": b"x"}
    if fault == "folder":
        file.mkdir()
    elif fault in content:
        file.write_bytes(content[fault])
    if fault == "twice":
        monkeypatch.setenv(f"SANGKIEN_{name}", "s3cret")
    monkeypatch.setenv(f"SANGKIEN_{name}_FILE", str(file))
    with pytest.raises(SettingsError) as error:
        settings.load()
    assert str(error.value).startswith(f"SANGKIEN_{name}_FILE")
    assert "\n" not in str(error.value)
    assert "s3cret" not in str(error.value)


AWKWARD = "p@ss/w:o%r d'\"?#&ế=x"


def test_a_password_by_file_may_have_any_characters(monkeypatch, tmp_path):
    (tmp_path / "reader").write_text(AWKWARD + "\n")
    monkeypatch.setenv("SANGKIEN_READER_URL", "postgresql://sangkien_reader@db:5432/sangkien")
    monkeypatch.setenv("SANGKIEN_READER_PASSWORD_FILE", str(tmp_path / "reader"))
    monkeypatch.setenv("SANGKIEN_WRITER_URL_FILE", str(tmp_path / "writer"))
    (tmp_path / "writer").write_text("postgresql://w:x%40y@db/sangkien\r\n")
    config = settings.load()
    reader, writer = config.serving_urls()
    assert password_of(reader) == AWKWARD
    assert psycopg.conninfo.conninfo_to_dict(reader)["host"] == "db"
    assert password_of(writer) == "x@y"
    assert AWKWARD not in repr(config.reader_password)


def test_a_password_without_a_url_or_beside_one_is_refused(monkeypatch):
    monkeypatch.setenv("SANGKIEN_READER_PASSWORD", "x")
    with pytest.raises(SettingsError, match="SANGKIEN_READER_PASSWORD needs SANGKIEN_READER_URL"):
        settings.load()
    monkeypatch.setenv("SANGKIEN_READER_URL", "postgresql://a:tr0ub4dor@db/x")
    with pytest.raises(SettingsError, match="SANGKIEN_READER_PASSWORD is set too") as error:
        settings.load()
    assert "tr0ub4dor" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.1", True), ("127.255.0.9", True), ("0x7f.1", True),
        ("2130706433", True), ("0177.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True),
        ("localhost", True), ("localhost.", True), ("LOCALHOST", True),
        (EVERYWHERE, False), ("0", False), ("::", False), ("", False), ("192.168.1.1", False),
        ("::ffff:8.8.8.8", False), ("203.0.113.9", False), ("fe80::1", False), ("128.0.0.1", False),
        ("example.org", False), ("localhost.example.org", False), ("127.0.0.1.nip.io", False),
        (" 127.0.0.1", False), ("localhost:80", False), ("x" * 300, False), ("ế", False),
    ],
)  # fmt: skip
def test_which_addresses_are_this_machine_alone(host, local):
    assert is_loopback(host) is local


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.0.2.1", "example.org"])
def test_a_demo_and_a_server_without_an_issuer_stay_on_this_machine(host):
    with pytest.raises(serving.HostingError, match="demo"):
        serving.check_reach(Settings(demo=True, host=host, issuer="https://host.example"))
    with pytest.raises(serving.HostingError, match="SANGKIEN_ISSUER is not set"):
        serving.check_reach(Settings(host=host))
    serving.check_reach(Settings(host=host, issuer="https://host.example"))
    serving.check_reach(Settings(demo=True))


@pytest.mark.parametrize("words", [["demo"], ["serve"]])
def test_a_demo_that_others_could_reach_is_refused_in_one_line(demo, words):
    done = run(*words, SANGKIEN_DATABASE_URL=demo, SANGKIEN_HOST=EVERYWHERE, SANGKIEN_DEMO="true")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the demo gives anybody an administrator's token" in done.stderr


def test_commands_of_the_owner_say_that_its_url_is_missing(demo):
    given = {"SANGKIEN_READER_URL": with_role(demo, READER),
             "SANGKIEN_WRITER_URL": with_role(demo, WRITER)}  # fmt: skip
    for words in (["migrate"], ["token", "member"], ["verify"]):
        done = run(*words, **given)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "SANGKIEN_DATABASE_URL is not set" in done.stderr


@pytest.mark.parametrize(("workers", "owner"), [(1, False), (2, True)])
def test_no_process_that_serves_has_the_owners_url(demo, identity, tmp_path, workers, owner):
    port, secret = free_port(), tmp_path / "owner"
    secret.write_text("never-shown-9q2L")
    given = {"SANGKIEN_READER_URL": with_role(identity, READER),
             "SANGKIEN_WRITER_URL": with_role(identity, WRITER)}  # fmt: skip
    if owner:
        given = {"SANGKIEN_DATABASE_URL": identity,
                 "SANGKIEN_DATABASE_PASSWORD_FILE": str(secret)} | given  # fmt: skip
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], cwd=ROOT, env={**os.environ, **given},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_until_ready(port, process)
        seen = [_environment(pid) for pid in _family(process.pid)]
        assert len(seen) >= workers
        assert not [one for one in seen if "SANGKIEN_DATABASE" in one or "never-shown" in one]
        assert all("SANGKIEN_READER_URL" in one for one in seen[:1])
        answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{__typename}"})
        assert answer.status_code == 200, json.dumps(answer.json())
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def _family(pid):
    """Return the process and those that it started."""
    time.sleep(0.5)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _environment(pid):
    return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
