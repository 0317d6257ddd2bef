"""What is installed, locked and shipped is what pyproject.toml says, and nothing names an index."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
PACKAGES = ("api", "schema", "auth", "db")


def locked() -> dict[str, set[str]]:
    """The versions of each locked distribution; a few differ by Python version."""
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


def test_the_lock_names_no_host_and_no_index():
    assert "://" not in LOCK
    assert not re.search(
        r"^\s*-", re.sub(r"^ +--hash=sha256:[0-9a-f]{64}.*$", "", LOCK, flags=re.MULTILINE)
    )


def test_everything_locked_has_a_hash():
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
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


def test_the_compose_file_holds_no_secret():
    text = (ROOT / "docker-compose.yml").read_text()
    values = re.findall(r"^ *\w*(?:PASSWORD|SECRET|TOKEN)\w*: (.+)$", text, re.MULTILINE)
    assert values
    assert all(re.fullmatch(r"\$\{[A-Z_]+:-\w+\}", value) for value in values)


def test_make_help_lists_every_command():
    make = shutil.which("make")
    assert make is not None
    listed = subprocess.run([make, "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    names = re.findall(r"^make (\w+)", listed.stdout, re.MULTILINE)
    assert names == ["help", "demo", "test", "check", "bench", "lock", "graphiql", "clean"]
