"""The limit: pgbench running our server's statements, in as many round trips, without a server."""

import re
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from db.embedded import binaries
from schema.build import SCHEMA
from schema.compiler.plan import Compiler, Plan
from tests.bench.load import LoadError, Measured
from tests.bench.place import Place
from tests.bench.questions import Question

_WARM = 1.0  # seconds: each connection plans its first five executions separately


def compiled(question: Question) -> tuple[Plan, Sequence[Any]]:
    """Return our compiled statement for a question and its parameters."""
    compiler = Compiler(SCHEMA._schema)
    operation = compiler.operation(question.query, None)
    variables = compiler.variables(operation, question.variables)
    plan = compiler.plan(operation, variables)
    return plan, plan.values(variables)


def measure(place: Place, question: Question, *, clients: int, seconds: float) -> Measured:
    """Run a question's transaction for some seconds. Raises LoadError."""
    plan, values = compiled(question)
    bound, given = place.caller.reading.bind(plan.sql, values)
    statement = re.sub(r"(?<!\w)\$(\d+)", r":p\1", bound)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.sql"
        script.write_text(f"{statement.strip()};\n", encoding="utf-8")
        defined = [f"--define=p{n}={value}" for n, value in enumerate(given, start=1)]
        command = [str(binaries() / "pgbench"), "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={clients}", f"--time={round(_WARM + seconds)}", "--log"]
        command += [f"--log-prefix={folder}/log", f"--file={script}", *defined, place.reader_url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LoadError(f"pgbench: {done.stderr.strip()[-500:]}")
        return _read(Path(folder))


def _read(folder: Path) -> Measured:
    """Sum up the log of transactions: client, number, microseconds, script, end in s and µs."""
    rows = [line.split() for file in folder.glob("log*") for line in file.read_text().splitlines()]
    ended = [(int(row[4]) + int(row[5]) / 1e6, int(row[2]) / 1e3) for row in rows]
    began, last = min(end for end, _ in ended) + _WARM, max(end for end, _ in ended)
    took = sorted(milliseconds for end, milliseconds in ended if end >= began)
    return Measured(
        len(took) / (last - began), statistics.median(took), took[len(took) * 99 // 100]
    )
