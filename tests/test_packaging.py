"""Installed, locked and shipped files match pyproject.toml, and nothing names an index."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from api import issuers
from api.passwords import is_known

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
RUNTIME = (ROOT / "requirements-runtime.lock").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PACKAGES = ("api", "schema", "auth", "db")


def locked() -> dict[str, set[str]]:
    """Return the versions of each locked distribution; a few differ by Python version."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", LOCK, re.MULTILINE):
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return versions


@pytest.mark.parametrize(
    "text", [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
)
def test_every_dependency_is_locked_at_a_version_it_allows(text):
    requirement = Requirement(text)
    versions = locked()[canonicalize_name(requirement.name)]
    assert all(version in requirement.specifier for version in versions)


@pytest.mark.parametrize("lock", [LOCK, RUNTIME], ids=["lock", "runtime"])
def test_the_lock_names_no_host_and_no_index(lock):
    assert "://" not in lock
    assert not re.search(
        r"^\s*-", re.sub(r"^ +--hash=sha256:[0-9a-f]{64}.*$", "", lock, flags=re.MULTILINE)
    )


@pytest.mark.parametrize("lock", [LOCK, RUNTIME], ids=["lock", "runtime"])
def test_everything_locked_has_a_hash(lock):
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


def test_the_rules_contract_forbids_every_runtime_dependency():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    forbidden = next(c for c in contracts if c.get("source_modules") == ["db.rules"])
    needed = {canonicalize_name(Requirement(d).name) for d in PROJECT["project"]["dependencies"]}
    modules = {
        module
        for module, owners in packages_distributions().items()
        if needed & {canonicalize_name(owner) for owner in owners} and "__" not in module
    }
    assert modules <= set(forbidden["forbidden_modules"])


def test_the_wheel_holds_the_code_and_its_data_files(tmp_path):
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path)
    unwanted = shutil.ignore_patterns("node_modules", "__pycache__", "*.egg-info")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=unwanted)
    build = "from setuptools.build_meta import build_wheel; build_wheel('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    with zipfile.ZipFile(next((tmp_path / "dist").glob("sangkien-*.whl"))) as wheel:
        shipped = set(wheel.namelist())
        entry_points = next(n for n in shipped if n.endswith("entry_points.txt"))
        assert "sangkien = api.cli:main" in wheel.read(entry_points).decode()
    sources = {
        str(path.relative_to(tmp_path))
        for package in PACKAGES
        for pattern in ("*.py", "*.sql", "*.mako", "oauth/pages/*")
        for path in (tmp_path / package).rglob(pattern)
    }
    assert sources - shipped == set()
    assert any(name.endswith("licenses/LICENSE") for name in shipped)
    assert not any(name.startswith("tests") for name in shipped)


def test_the_compose_file_is_valid():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    result = subprocess.run(
        [*command, "docker-compose.yml"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def compose() -> dict[str, dict[str, Any]]:
    """Return the services of the compose file."""
    loaded = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return loaded["services"]


def test_the_compose_file_holds_no_secret():
    names = set()
    for service in compose().values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|_URL_FILE", name):
                names.add(name)
                assert re.fullmatch(r"/run/secrets/\w+", value), name
            assert not re.search(r"://[^/]*:[^/]*@", str(value)), name
    assert len(names) >= 5


def test_the_api_of_the_compose_file_has_neither_the_owner_nor_a_superuser():
    services = compose()
    for name, service in services.items():
        given = {*service.get("environment", {}), *service.get("secrets", [])}
        if name not in {"database", "migrate"}:
            assert not given & {"owner", "superuser", "SANGKIEN_DATABASE_URL"}, name
    assert services["migrate"]["command"] == ["sangkien", "migrate"]
    assert "POSTGRES_USER" not in services["database"]["environment"]
    assert "sangkien_owner" in services["migrate"]["environment"]["SANGKIEN_DATABASE_URL"]
    assert services["api"]["environment"]["SANGKIEN_ISSUER"].startswith("https://")
    proxy = services["proxy"]["networks"]["front"]["ipv4_address"]
    assert services["api"]["environment"]["SANGKIEN_PROXIES"] == proxy
    assert "ports" not in services["api"]


def test_secrets_are_made_once_and_differ(tmp_path):
    (tmp_path / "deploy").mkdir()
    script = shutil.copy(ROOT / "deploy" / "secrets.sh", tmp_path / "deploy")
    for _ in range(2):
        subprocess.run(["/bin/sh", script], check=True, capture_output=True, cwd="/")
        made = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    loaded = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    assert set(made) == set(loaded["secrets"])
    assert len(set(made.values())) == len(made)
    assert not any(is_known(text) or len(text) < 40 for text in made.values())
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_the_roles_of_the_image_are_what_the_migration_sets():
    made = (ROOT / "deploy" / "postgres" / "roles.sql").read_text()
    wanted = (ROOT / "db" / "sql" / "roles.sql").read_text()
    rules = re.findall(r"alter role sangkien_\w+ set [^;]+;", wanted)
    assert rules
    assert [rule for rule in rules if rule not in made] == []
    assert "superuser;" not in made
    assert "createrole" not in made


def test_the_realm_of_keycloak_sends_people_back_to_where_they_are_expected():
    realm = json.loads((ROOT / "deploy" / "keycloak" / "realm.json").read_text())
    (client,) = realm["clients"]
    assert realm["realm"] == client["clientId"] == "sangkien"
    key = json.loads(re.findall(r"SANGKIEN_OIDC_ISSUERS=(\{.*\})", OPERATIONS)[0])
    (trust,) = issuers.parse(json.dumps(key))
    assert trust.client_id == client["clientId"]
    assert client["redirectUris"] == [
        f"https://${{SANGKIEN_HOSTNAME}}/oauth/external/{trust.key}/callback"
    ]
    assert client["attributes"]["pkce.code.challenge.method"] == "S256"


def pinned(lock: str) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9._-]+==\S+)", lock, re.MULTILINE))


def test_the_image_installs_what_the_program_needs_and_no_tools():
    assert pinned(RUNTIME) < pinned(LOCK)
    names = {canonicalize_name(entry.partition("==")[0]) for entry in pinned(RUNTIME)}
    needed = {canonicalize_name(Requirement(d).name) for d in PROJECT["project"]["dependencies"]}
    tools = {canonicalize_name(Requirement(d).name) for d in PROJECT["dependency-groups"]["dev"]}
    assert needed <= names
    assert not names & (tools - needed)
    last = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert "requirements.lock" not in last
    assert "--require-hashes --requirement requirements-runtime.lock" in last
    assert "USER api" in last


def test_make_help_lists_every_command():
    make = shutil.which("make")
    assert make is not None
    listed = subprocess.run([make, "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    names = re.findall(r"^make (\w+)", listed.stdout, re.MULTILINE)
    assert names == ["help", "demo", "test", "check", "bench", "lock", "graphiql", "clean"]
