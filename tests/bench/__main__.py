"""`python -m tests.bench`: generate, check that all contenders answer the same, measure, report."""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from db.embedded import EmbeddedServer
from tests.bench import contenders, duplicates, identity, limit, load, place, report, scale, writes
from tests.bench.contenders import Contender, ContenderError
from tests.bench.duplicates import Duplicates
from tests.bench.identity import Cost
from tests.bench.load import LoadError, Measured
from tests.bench.place import ROOT, Place, Size
from tests.bench.questions import OURS, as_data, questions
from tests.bench.writes import Written

NATION, TOWN = Size(127_584, 500_000), Size(1_300, 5_000)
QUICK_NATION, QUICK_TOWN = Size(3_000, 10_000), Size(1_300, 5_000)
PROGRAMME, QUICK_PROGRAMME = Size(127_584, 2_000_000), Size(3_000, 20_000)
LIMIT = "limit"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code reports whether it ran, not the figures."""
    options = _options(arguments)
    running = place.server(ROOT / ".data" / "bench")
    try:
        with tempfile.TemporaryDirectory(prefix="sangkien-bench-") as folder:
            if options.duplicates:
                sys.stdout.write(report.of_duplicates(_duplicates(running, options)))
            elif options.identity:
                nation = place.place(running, "nation", _sizes(options)[0], _say)
                cost = _identity(nation, Path(folder), options)
                sys.stdout.write(report.of_identity(cost))
            elif options.writes:
                sys.stdout.write(report.of_writes(_writes(running, options)))
            else:
                _run(running, Path(folder), options)
    except (ContenderError, LoadError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    finally:
        running.stop()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small tree, 2 s a measurement")
    parser.add_argument(
        "--duplicates", action="store_true", help="nothing but the search for duplicates"
    )
    parser.add_argument("--identity", action="store_true", help="nothing but what identity costs")
    parser.add_argument("--writes", action="store_true", help="nothing but handing in")
    parser.add_argument("--seconds", type=float, help="of one measurement (5)")
    parser.add_argument("--clients", type=int, default=8, help="at once (8)")
    parser.add_argument("--rounds", type=int, help="the median of which counts (3)")
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or (2 if options.quick else 5)
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def _run(running: EmbeddedServer, folder: Path, options: argparse.Namespace) -> None:
    nation_size, town_size = _sizes(options)
    nation = place.place(running, "nation", nation_size, _say)
    town = place.place(running, "town", town_size, _say)
    _say("installing PostGraphile")
    contenders.install_postgraphile()
    others = load.others(3)
    with serving(nation, folder) as servers:
        check(servers, nation)
        measured = _rounds(servers, nation, options)
    with (
        contenders.ours(nation, folder / "nation.log") as large,
        contenders.ours(town, folder / "town.log") as small,
    ):
        scaled = scale.measure((town, small), (nation, large), options.seconds, options.rounds)
    cost = _identity(nation, folder, options)
    found = _duplicates(running, options)
    written = _writes(running, options)
    ceiling = load.ceiling(options.clients, 2)
    results = report.Results(
        nation_size, town_size, options, measured, scaled, cost, found, written, ceiling, others
    )
    sys.stdout.write(report.table(results))
    if not options.quick:
        report.write(results, ROOT / "docs" / "bench")


def _sizes(options: argparse.Namespace) -> tuple[Size, Size]:
    return (QUICK_NATION, QUICK_TOWN) if options.quick else (NATION, TOWN)


def _identity(nation: Place, folder: Path, options: argparse.Namespace) -> Cost:
    _say("measuring what identity costs")
    return identity.measure(nation, folder, clients=options.clients, seconds=24 * options.seconds)


def _duplicates(running: EmbeddedServer, options: argparse.Namespace) -> Duplicates:
    size = QUICK_PROGRAMME if options.quick else PROGRAMME
    programme = place.place(running, "programme", size, _say)
    _say("looking for duplicates")
    return duplicates.measure(programme)


def _writes(running: EmbeddedServer, options: argparse.Namespace) -> Written:
    contenders.install_postgraphile()
    nation = place.place(running, "nation", _sizes(options)[0], _say)
    return writes.measure(running, nation, options.seconds, options.rounds, _say)


@contextlib.contextmanager
def serving(nation: Place, folder: Path) -> Iterator[list[Contender]]:
    """Start all contenders on one database."""
    with (
        contenders.ours(nation, folder / "ours.log") as ours,
        contenders.postgraphile(nation, folder / "postgraphile.log") as postgraphile,
        contenders.idiomatic(nation, folder / "idiomatic.log") as idiomatic,
    ):
        yield [ours, postgraphile, idiomatic]


def check(servers: Sequence[Contender], nation: Place) -> None:
    """Reject contenders whose answers differ. Raises ContenderError."""
    first, *others = (
        {
            name: as_data(contenders.ask(asked))
            for name, asked in server.targets(nation.subject).items()
        }
        for server in servers
    )
    for server, answers in zip(servers[1:], others, strict=True):
        for name, answer in answers.items():
            if answer != first[name]:
                raise ContenderError(f"{server.name} answers '{name}' differently")
    _say("all contenders give the same answers")


def _rounds(
    servers: Sequence[Contender], nation: Place, options: argparse.Namespace
) -> dict[str, dict[str, list[Measured]]]:
    """Measure in turns, so that other load of the machine affects all contenders equally."""
    asked = questions(OURS, nation.subject)
    targets = {server.name: server.targets(nation.subject) for server in servers}
    found: dict[str, dict[str, list[Measured]]] = {name: {} for name in asked}
    for turn in range(options.rounds + 1):  # the first is to warm up
        _say(f"round {turn} of {options.rounds}" if turn else "warming up")
        seconds = options.seconds if turn else min(2, options.seconds)
        for question in asked:
            for name, requests in targets.items():
                taken = load.measure(requests[question], clients=options.clients, seconds=seconds)
                if turn:
                    found[question].setdefault(name, []).append(taken)
            if turn:
                taken = limit.measure(
                    nation, asked[question], clients=options.clients, seconds=seconds
                )
                found[question].setdefault(LIMIT, []).append(taken)
    return found


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
