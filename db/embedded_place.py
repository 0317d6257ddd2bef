"""The folder of an embedded PostgreSQL, and the account it runs under.

A home has `postgres/` (the server's own folder, mode 0700) and `postgres.lock`. PostgreSQL does not
run as root, so for root the folder belongs to an unprivileged account; where that account cannot
reach the home (a checkout in /root, say), `postgres` is a link to a folder under `ELSEWHERE`;
deleting the home then leaves that folder. Permissions of folders that are not the project's are
never changed.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

ELSEWHERE = Path("/var/lib/sangkien")
"""For root only: homes and programs that the server's account cannot reach in their own place."""

ACCOUNT = "sangkien"
"""The system account that runs PostgreSQL for root; made on first use."""

PORT = 5432
"""Only part of the socket's name: the server does not listen on TCP."""

SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES = 107
"""The longest path of a unix socket that the kernel and libpq accept, in bytes."""


class EmbeddedServerError(RuntimeError):
    """The embedded server failed: one line with what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Account:
    """The account of the server's processes, as numeric ids: it needs no passwd entry."""

    uid: int
    gid: int

    def run(
        self,
        command: Sequence[str | Path],
        *,
        own_session: bool = False,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, wait for it, and return its exit code and output.

        `environment` adds variables. Inherited ones named PG… are removed, as they would change
        what PostgreSQL's programs do.
        """
        switch = os.geteuid() != self.uid
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "LC_")) and name not in {"LANG", "LANGUAGE"}
        }
        return subprocess.run(
            command,
            check=False,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            env={**inherited, "LC_ALL": "C", **environment},
            start_new_session=own_session,
            user=self.uid if switch else None,
            group=self.gid if switch else None,
            extra_groups=[] if switch else None,
        )

    def can_use(self, folder: Path) -> bool:
        """Return whether this account can reach a folder and write in it."""
        return self.run(["test", "-w", folder, "-a", "-x", folder]).returncode == 0


@dataclass(frozen=True)
class Place:
    """The server's own folder and the account that owns it."""

    folder: Path
    account: Account

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory; it exists only once it is complete."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file, its standard output and error."""
        return self.folder / "server.log"

    def failure(self, what: str) -> EmbeddedServerError:
        """Return the error of this server: one line with what is wrong, and where its log is."""
        line = " ".join(what.split())
        return EmbeddedServerError(f"embedded PostgreSQL {line} (log: {self.log})")

    def socket_folder(self) -> Path:
        """Return the private folder of the unix socket; make it if it is missing.

        It is `socket` in the server's folder. Where that path is too long for a socket, or has a
        character that libpq or PostgreSQL reads as a separator, `socket` is a link to a short path.
        """
        own = self.folder / "socket"
        path = os.fsencode(own / SOCKET_NAME)
        if len(path) <= SOCKET_PATH_BYTES and not set(b',"\n') & set(path):
            if own.is_symlink():
                own.unlink()
            _make_private(own, self.account)
            return own
        if own.is_symlink() and _is_private(own.readlink(), self.account):
            return own.readlink()
        short = Path(tempfile.mkdtemp(prefix="sangkien-", dir=_short_parent()))
        _make_private(short, self.account)
        if own.is_symlink():
            own.unlink()
        elif own.exists():
            shutil.rmtree(own)
        own.symlink_to(short)
        return short

    def forget_socket_folder(self) -> None:
        """Remove a short socket folder outside the server's own, after the server has stopped."""
        own = self.folder / "socket"
        if own.is_symlink() and _is_private(own.readlink(), self.account):
            shutil.rmtree(own.readlink(), ignore_errors=True)
            own.unlink()


@contextmanager
def turn(home: Path) -> Iterator[None]:
    """Lock the home, so that processes start and stop the server one at a time.

    Raises:
        EmbeddedServerError: when the home cannot be made or written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / "postgres.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise EmbeddedServerError(
            f"embedded PostgreSQL: cannot write in {home} ({error.strerror}); "
            "set SANGKIEN_HOME to a folder this user may write in"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def settle(home: Path) -> Place:
    """Return the server's folder for a home, made when it is missing. Call it under the lock.

    Raises:
        EmbeddedServerError: when the folder belongs to another user.
        OSError: when it cannot be made.
    """
    own = home / "postgres"
    if os.geteuid() != 0:
        account = Account(os.geteuid(), os.getegid())
        if own.exists() and own.stat().st_uid != account.uid:
            raise EmbeddedServerError(
                f"embedded PostgreSQL: {own} belongs to another user; run as that user or as root, "
                "or set SANGKIEN_HOME to another folder"
            )
        _make_private(own, account)
        return Place(own, account)
    folder = own.readlink() if own.is_symlink() and own.readlink().parent == ELSEWHERE else own
    account = _account_of(folder)
    if folder == own:
        _make_private(own, account)
        if account.can_use(own):
            return Place(own, account)
        folder = _move_elsewhere(own)
    _make_private(folder, account)
    return Place(folder, account)


def _account_of(folder: Path) -> Account:
    """Return the account of a server that root starts: the folder's owner or the system account."""
    if folder.is_dir() and folder.stat().st_uid != 0:
        return Account(folder.stat().st_uid, folder.stat().st_gid)
    try:
        entry = _entry()
    except (KeyError, OSError) as error:
        raise EmbeddedServerError(
            "embedded PostgreSQL: it does not run as root and useradd could not make the user "
            f"{ACCOUNT}; make that user, or run as an ordinary one"
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def _entry() -> pwd.struct_passwd:
    """Return the system account, made if it is missing.

    Under a lock: of two concurrent useradd the second gives the account another number.
    """
    with suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    with turn(ELSEWHERE):
        with suppress(KeyError):
            return pwd.getpwnam(ACCOUNT)
        nowhere = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
        command = ["useradd", "--system", "--user-group", *nowhere, ACCOUNT]
        subprocess.run(command, check=False, capture_output=True)
        return pwd.getpwnam(ACCOUNT)


def _move_elsewhere(own: Path) -> Path:
    """Make a folder that the account can reach, and replace the one in the home by a link to it."""
    if (own / "data").exists():
        raise EmbeddedServerError(
            f"embedded PostgreSQL: the owner of {own} can no longer reach it; restore the "
            "permissions of the folders above it, or set SANGKIEN_HOME to another folder"
        )
    ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="home-", dir=ELSEWHERE))
    shutil.rmtree(own)
    own.symlink_to(folder)
    return folder


def _short_parent() -> Path:
    """Return a temporary folder whose path is short enough for a socket in a subfolder."""
    temporary = Path(tempfile.gettempdir())
    room = SOCKET_PATH_BYTES - len(f"/sangkien-12345678/{SOCKET_NAME}")
    return temporary if len(os.fsencode(temporary)) <= room else Path("/tmp")  # noqa: S108 mkdtemp


def _make_private(folder: Path, account: Account) -> None:
    """Make a folder if it is missing, and give only the account access to it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    if stat.S_IMODE(folder.stat().st_mode) != 0o700:  # noqa: PLR2004 a mode is written as a mode
        folder.chmod(0o700)


def _is_private(folder: Path, account: Account) -> bool:
    """Return whether a folder outside the server's own exists and is still private."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and not found.st_mode & 0o077
