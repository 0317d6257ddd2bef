"""Submissions: counters in slots against one row for each unit, and us against PostGraphile.

pgbench runs only the statements of our command. The gain of slots depends on the time of a commit,
so it is measured with the disk as it is and with commits that take some milliseconds longer, as
network storage or a synchronous standby makes them. Through HTTP, `submitInitiative` runs against
PostGraphile creating a row, already submitted, in the same table.
"""

import contextlib
import json
import re
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from db import transactions
from db.commands import initiatives
from db.embedded import EmbeddedServer, binaries
from db.transactions import Attempt
from tests.bench import contenders, drafts, load
from tests.bench.contenders import ContenderError
from tests.bench.drafts import Drafts
from tests.bench.load import LoadError, Measured, Target
from tests.bench.place import Place, Say

CLIENTS = 32
SLOTS, ONE_ROW = "slots", "one row"
OURS, OTHER = "sangkien", "PostGraphile"
DELAYS = {  # microseconds
    "this disk": 0,
    "2 ms a commit more": 2_000,
    "5 ms a commit more": 5_000,
}
_MOST = 1_500  # submissions a second that there are drafts for
_ONE_ROW = """
    create or replace function slots(level text) returns int
    language sql immutable strict parallel safe return 1
"""
_PERMITTED = """
    grant insert on initiative to sangkien_writer;
    create policy benchmark on initiative for insert to sangkien_writer
    with check (
        drafted_by_id = caller() and state = 'SUBMITTED' and holds('initiative_write', unit_id)
    )
"""
_SUBMIT = """mutation($input: SubmitInitiativeInput!) { done: submitInitiative(input: $input) {
    ... on InitiativePayload { initiative { number state } } } }"""
_CREATE = """mutation($input: CreateInitiativeInput!) { done: createInitiative(input: $input) {
    initiative { number state } } }"""
_DONE = "select count(*) from initiative where state = 'SUBMITTED'"


class Written(NamedTuple):
    """Submissions a second, a value for each round: by delay and counters, and by server."""

    counters: dict[str, dict[str, list[float]]]
    served: dict[str, list[Measured]]

    def times(self, delay: str) -> float:
        """Return the rate of slots as a multiple of one row's; the median of the rounds."""
        rates = self.counters[delay]
        pairs = zip(rates[SLOTS], rates[ONE_ROW], strict=True)
        return statistics.median(slots / one for slots, one in pairs)

    def median(self, name: str) -> Measured:
        """Return the median over the rounds, of each figure separately."""
        return Measured(*map(statistics.median, zip(*self.served[name], strict=True)))


def measure(
    running: EmbeddedServer, nation: Place, seconds: float, rounds: int, say: Say
) -> Written:
    """Measure in turns, on a copy of a database. Raises ContenderError, LoadError."""
    runs = (rounds + 1) * (2 * len(DELAYS) + 1)  # the first round of each is to warm up
    say("drafting what is to be handed in")
    with drafts.prepare(running, nation, round(runs * seconds * _MOST)) as prepared:
        say("handing in by pgbench")
        counters = _counters(running, prepared, seconds, rounds)
        say("handing in through HTTP")
        return Written(counters, _served(prepared, seconds, rounds))


def _counters(
    running: EmbeddedServer, prepared: Drafts, seconds: float, rounds: int
) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {delay: {SLOTS: [], ONE_ROW: []} for delay in DELAYS}
    with psycopg.connect(prepared.place.url, autocommit=True) as owner:
        row = owner.execute("select pg_get_functiondef('slots(text)'::regprocedure)").fetchone()
        assert row is not None
        definitions = {SLOTS: row[0], ONE_ROW: _ONE_ROW}
        for turn in range(rounds + 1):
            for delay, microseconds in DELAYS.items():
                _delay(running, prepared.place, microseconds)
                for kind, definition in definitions.items():
                    owner.execute(definition)
                    rate = _pgbench(prepared, seconds)
                    if turn:
                        found[delay][kind].append(rate)
        owner.execute(definitions[SLOTS])
        _delay(running, prepared.place, 0)
    return found


def _delay(running: EmbeddedServer, place: Place, microseconds: int) -> None:
    """Delay every commit of this database before it writes to the disk."""
    name = sql.Identifier(psycopg.conninfo.conninfo_to_dict(place.url)["dbname"])
    with psycopg.connect(running.url, autocommit=True) as superuser:
        for setting, value in (("commit_delay", microseconds), ("commit_siblings", 0)):
            superuser.execute(
                sql.SQL("alter database {} set {} = {}").format(
                    name, sql.Identifier(setting), sql.Literal(value)
                )
            )


def _pgbench(prepared: Drafts, seconds: float) -> float:
    place = prepared.place
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
        script.write(_script(prepared))
        script.flush()
        command = [str(binaries() / "pgbench"), "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={CLIENTS}", f"--time={round(seconds)}", f"--file={script.name}"]
        done = subprocess.run(
            [*command, place.writer_url], capture_output=True, text=True, check=False
        )
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or rate is None:
        raise LoadError(f"pgbench: {done.stderr.strip()[-500:]}")
    return float(rate[1])


def _script(prepared: Drafts) -> str:
    """Return the statements of our command, for the next draft."""
    assert prepared.place.caller.writing is not None
    attempt = Attempt("submitInitiative", "127.0.0.1")
    bind, settings = transactions._begun(prepared.place.caller.writing, attempt)
    begun = _filled(bind, *(f"'{value}'" for value in settings))
    loaded = _filled(initiatives._LOAD, ":number", "true")
    submitted = _filled(initiatives._SUBMIT, ":id", ":version", ":phase", "present()")
    return (
        f"\\set phase {prepared.phase}\n{drafts.NEXT} \\gset\n"
        f"begin read write;\n{begun};\n{loaded} \\gset\n{submitted};\ncommit;\n"
    )


def _filled(statement: str, *values: str) -> str:
    return re.sub(r"\$(\d+)", lambda found: values[int(found[1]) - 1], statement).strip()


def _served(prepared: Drafts, seconds: float, rounds: int) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = {OURS: [], OTHER: []}
    with _servers(prepared.place) as urls:
        for turn in range(rounds + 1):
            for name, url in urls.items():
                bodies = list(_bodies(prepared, name, round(seconds * _MOST)))
                taken = _load(prepared.place, url, bodies, seconds)
                if turn:
                    found[name].append(taken)
    return found


@contextlib.contextmanager
def _servers(place: Place) -> Iterator[dict[str, str]]:
    with psycopg.connect(place.url) as owner:
        owner.execute(_PERMITTED)
    with (
        tempfile.TemporaryDirectory() as folder,
        contenders.ours(place, Path(folder) / "ours.log") as ours,
        contenders.postgraphile(place, Path(folder) / "other.log", writing=True) as other,
    ):
        yield {OURS: ours.url, OTHER: other.url}


def _bodies(prepared: Drafts, name: str, count: int) -> Iterator[str]:
    """Return requests that each submit another initiative."""
    if name == OURS:
        for number in prepared.take(count):
            yield json.dumps({"query": _SUBMIT, "variables": {"input": {"number": number}}})
    else:
        for initiative in prepared.invent(count):
            asked = {"input": {"initiative": initiative}}
            yield json.dumps({"query": _CREATE, "variables": asked})


def _load(place: Place, url: str, bodies: Sequence[str], seconds: float) -> Measured:
    """Send them, and check that the number of submissions equals that of responses."""
    first = contenders.ask(Target(url, place.token, bodies[:1]))
    if first["done"]["initiative"]["state"] != "SUBMITTED":
        raise ContenderError(f"{url}: {first}")
    with psycopg.connect(place.url, autocommit=True) as owner:
        before = owner.execute(_DONE).fetchone()
        taken = load.measure(Target(url, place.token, bodies[1:]), clients=CLIENTS, seconds=seconds)
        after = owner.execute(_DONE).fetchone()
    assert before is not None
    assert after is not None
    if after[0] - before[0] < taken.rate * seconds * 0.9:
        raise ContenderError(f"{url}: {after[0] - before[0]} handed in, {taken.rate:.0f} a second")
    return taken
