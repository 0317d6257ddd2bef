"""The results: a table for the terminal, a file of figures, a plot."""

import argparse
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench import identity, load
from tests.bench.contenders import PROCESSES
from tests.bench.duplicates import Duplicates
from tests.bench.identity import Cost
from tests.bench.load import Measured
from tests.bench.place import Size
from tests.bench.scale import Scaled
from tests.bench.writes import CLIENTS, ONE_ROW, OTHER, SLOTS, Written

OURS, SERVED = "sangkien", ("sangkien", "PostGraphile", "idiomatic", "limit")


class Goal(NamedTuple):
    """A required multiple of another contender's rate, for a question."""

    question: str
    of: str
    times: float


GOALS = (
    Goal("tree", "PostGraphile", 3),
    Goal("tree", "limit", 0.8),
    Goal("tree", "idiomatic", 40),
    Goal("list", "PostGraphile", 2),
    Goal("small", "PostGraphile", 1.5),
)
MOST_SCALED = 1.2
MOST_FOR_DUPLICATES = 50  # milliseconds
LEAST_FOR_SLOTS, LEAST_FOR_SUBMISSIONS = 3, 1  # times the other's rate
MOST_FOR_STRAGGLERS = 10  # times the median


@dataclass(frozen=True)
class Results:
    """All measurements; `measured` by question and contender, a value for each round."""

    nation: Size
    town: Size
    options: argparse.Namespace
    measured: dict[str, dict[str, list[Measured]]]
    scaled: Scaled
    cost: Cost
    duplicates: Duplicates
    written: Written
    ceiling: float
    others: float | None

    def median(self, question: str, name: str) -> Measured:
        """Return the median over the rounds, of each figure separately."""
        figures = zip(*self.measured[question][name], strict=True)
        return Measured(*(statistics.median(figure) for figure in figures))

    def reached(self, goal: Goal) -> float:
        """Return our rate as a multiple of the other's."""
        ours, other = (self.median(goal.question, name).rate for name in (OURS, goal.of))
        return ours / other


def table(results: Results) -> str:
    """Return the figures and the goals as text."""
    lines = [
        (
            f"{results.nation.units:,} units, {results.nation.initiatives:,} initiatives; "
            f"{results.options.clients} clients by {load.generator()} "
            f"(at most {results.ceiling:,.0f} requests/s), {PROCESSES} processes each; "
            f"median of {results.options.rounds} rounds of {results.options.seconds:g} s"
        ),
        f"others used {results.others:.0%} of the machine" if results.others is not None else "",
        "",
        f"{'':8}{'':14}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'ours is':>12}",
    ]
    for question, by_name in results.measured.items():
        for name in by_name:
            taken = results.median(question, name)
            times = results.reached(Goal(question, name, 0))
            shown = f"{times:.2f} ×" if name != OURS else ""
            lines.append(
                f"{question:8}{name:14}{taken.rate:12,.1f}{taken.p50:10.2f}{taken.p99:10.2f}{shown:>12}"
            )
    lines += ["", *(_line(*row) for row in _goals(results))]
    found = of_identity(results.cost) + of_duplicates(results.duplicates)
    return "\n".join([*lines, found + of_writes(results.written)])


def of_identity(cost: Cost) -> str:
    """Return the share of identity in the time of *small*, as lines."""
    word = "reached    " if cost.share < identity.MOST else "NOT reached"
    low, _, high = cost.saved(identity.UNBOUND)
    rates = ", ".join(
        f"{name} {statistics.median(rates):,.0f}/s" for name, rates in cost.rates.items()
    )
    return (
        f"{word} identity takes {cost.share:.1%} of small (below {identity.MOST:.0%}; half of the "
        f"turns within {low:.1%} to {high:.1%}); authentication alone "
        f"{cost.saved(identity.UNAUTHENTICATED)[1]:.1%}; {rates}\n"
    )


def of_duplicates(found: Duplicates) -> str:
    """Return the results of the search for duplicates, as a line."""
    word = "reached    " if found.p50 <= MOST_FOR_DUPLICATES else "NOT reached"
    shares = ", ".join(
        f"{share:.1%} of {found.pairs[least]} copies {least} alike or more"
        for least, share in found.recall.items()
    )
    return (
        f"{word} possible duplicates among {found.initiatives:,}: {found.p50:.1f} ms, p95 "
        f"{found.p95:.1f} ms (at most {MOST_FOR_DUPLICATES}); found {shares}\n"
    )


def of_writes(written: Written) -> str:
    """Return the results of submissions, as lines."""
    lines = []
    for delay, rates in written.counters.items():
        slots, one = (statistics.median(rates[kind]) for kind in (SLOTS, ONE_ROW))
        what = f"submissions by pgbench, {delay}: slots {slots:,.0f}/s, one row a unit {one:,.0f}/s"
        times = written.times(delay)
        wanted = f"at least {LEAST_FOR_SLOTS}"
        lines.append(_line(what, times, wanted, times >= LEAST_FOR_SLOTS))
    ours, other = written.median(OURS), written.median(OTHER)
    what = (
        f"submissions through HTTP, {ours.rate:,.0f}/s, against PostGraphile, {other.rate:,.0f}/s"
    )
    times = ours.rate / other.rate
    wanted = f"at least {LEAST_FOR_SUBMISSIONS}"
    lines.append(_line(what, times, wanted, times >= LEAST_FOR_SUBMISSIONS))
    stragglers = ours.p99 / ours.p50
    what = f"submissions, p99 {ours.p99:.0f} ms against the median {ours.p50:.0f} ms"
    wanted = f"at most {MOST_FOR_STRAGGLERS}"
    lines.append(_line(what, stragglers, wanted, stragglers <= MOST_FOR_STRAGGLERS))
    return f"{CLIENTS} clients hand in:\n" + "".join(f"{line}\n" for line in lines)


def write(results: Results, folder: Path) -> None:
    """Write `results.json` and `plot.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = json.dumps(_figures(results), indent=2, ensure_ascii=False)
    (folder / "results.json").write_text(f"{figures}\n", encoding="utf-8")
    _plot(results, folder / "plot.png")


def _goals(results: Results) -> list[tuple[str, float, str, bool]]:
    rows = [
        (
            f"{goal.question} against {goal.of}",
            results.reached(goal),
            f"at least {goal.times:g}",
            results.reached(goal) >= goal.times,
        )
        for goal in GOALS
    ]
    scaled = results.scaled
    what = (
        f"tree latency, {results.nation.units:,} against {results.town.units:,} units "
        f"({scaled.units[0]} and {scaled.units[1]} in the answer)"
    )
    return [*rows, (what, scaled.ratio, f"at most {MOST_SCALED:g}", scaled.ratio <= MOST_SCALED)]


def _line(what: str, value: float, wanted: str, reached: bool) -> str:  # noqa: FBT001 - a row of the table
    return f"{'reached    ' if reached else 'NOT reached'} {what}: {value:.2f} × ({wanted})"


def _figures(results: Results) -> dict[str, Any]:
    return {
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "nation": results.nation._asdict(),
        "town": results.town._asdict(),
        "clients": results.options.clients,
        "seconds": results.options.seconds,
        "rounds": results.options.rounds,
        "processes": PROCESSES,
        "generator": load.generator(),
        "generator_ceiling_per_second": round(results.ceiling),
        "machine_used_by_others": results.others,
        "measured": {
            question: {
                name: {
                    "median": _rounded(results.median(question, name)),
                    "rounds": [_rounded(taken) for taken in rounds],
                }
                for name, rounds in by_name.items()
            }
            for question, by_name in results.measured.items()
        },
        "scale": {**results.scaled._asdict(), "ratio": round(results.scaled.ratio, 3)},
        "identity": {
            "share_of_small": round(results.cost.share, 3),
            "quartiles": [round(share, 3) for share in results.cost.saved(identity.UNBOUND)],
            "turns": len(results.cost.rates[identity.WHOLE]),
            "rates": {
                name: round(statistics.median(rates)) for name, rates in results.cost.rates.items()
            },
        },
        "duplicates": results.duplicates._asdict(),
        "submissions": {
            "clients": CLIENTS,
            "pgbench": results.written.counters,
            "http": {
                name: [_rounded(taken) for taken in rounds]
                for name, rounds in results.written.served.items()
            },
        },
        "goals": [
            {"goal": what, "ratio": round(value, 2), "wanted": wanted, "reached": reached}
            for what, value, wanted, reached in _goals(results)
        ],
    }


def _rounded(taken: Measured) -> dict[str, float]:
    return {name: round(value, 2) for name, value in taken._asdict().items()}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _plot(results: Results, file: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - a second to import, for the last step only

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    axes: Sequence[Any] = figure.subplots(1, len(results.measured))
    colours = dict(zip(SERVED, ("#0b6e4f", "#3b6fb6", "#b5652a", "#9a9a9a"), strict=True))
    for axis, question in zip(axes, results.measured, strict=True):
        names = [name for name in SERVED if name in results.measured[question]]
        rates = [results.median(question, name).rate for name in names]
        bars = axis.bar(names, rates, color=[colours[name] for name in names])
        axis.bar_label(bars, [f"{rate:,.0f}" if rate > 20 else f"{rate:.1f}" for rate in rates])
        axis.set_title(question)
        axis.tick_params(axis="x", rotation=25)
        axis.margins(y=0.12)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("requests per second (more is better)")
    figure.suptitle(
        f"{results.nation.units:,} units, {results.nation.initiatives:,} initiatives, "
        f"{results.options.clients} clients; limit: pgbench, the bare statement"
    )
    figure.savefig(file, dpi=150)
