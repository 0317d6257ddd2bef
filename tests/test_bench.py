"""The benchmark compares like with like: every contender returns the same answers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from db.embedded import EmbeddedServer
from tests.bench import contenders, identity, limit, load, place
from tests.bench.contenders import Contender
from tests.bench.place import Place, Size
from tests.bench.questions import OURS, as_data, questions

POSTGRAPHILE = Path(contenders.__file__).parent / "postgraphile" / "node_modules" / ".locked"


@pytest.fixture(scope="module")
def village(server: EmbeddedServer) -> Place:
    """A small generated tree."""
    return place.place(server, "bench_village", Size(60, 200), lambda _: None)


@pytest.fixture(scope="module")
def servers(village: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Contender]]:
    """The contenders; PostGraphile only where `make bench` has installed it."""
    folder = tmp_path_factory.mktemp("bench")
    starters = [contenders.ours, contenders.idiomatic]
    if POSTGRAPHILE.exists():
        starters.append(contenders.postgraphile)
    with ExitStack() as stack:
        yield [
            stack.enter_context(start(village, folder / f"{start.__name__}.log"))
            for start in starters
        ]


@pytest.mark.parametrize("question", ["small", "tree", "list"])
def test_all_contenders_give_the_same_answer(
    servers: list[Contender], village: Place, question: str
) -> None:
    answers = [as_data(contenders.ask(s.targets(village.subject)[question])) for s in servers]
    assert len(answers) > 1
    assert all(answer == answers[0] for answer in answers)


def test_the_answers_are_not_empty(servers: list[Contender], village: Place) -> None:
    asked = servers[0].targets(village.subject)
    tree = as_data(contenders.ask(asked["tree"]))["unit"]
    assert tree["progress"]["submitted"] > 0
    assert tree["children"][0]["children"][0]["progress"]["target"] > 0
    assert as_data(contenders.ask(asked["list"]))["unit"]["initiatives"][0]["authors"]


def test_a_contender_refuses_a_token_of_somebody_else(
    servers: list[Contender], village: Place
) -> None:
    for server in servers:
        target = server.targets(village.subject)["small"]
        forged = target._replace(token=target.token[:-6] + "AAAAAA")
        with pytest.raises((contenders.ContenderError, OSError)):
            contenders.ask(forged)


def test_the_limit_runs_the_compiled_statement(village: Place) -> None:
    asked = questions(OURS, village.subject)
    for question in asked.values():
        assert limit.measure(village, question, clients=1, seconds=1).rate > 0


def test_the_server_without_identity_answers_as_the_whole_one(
    village: Place, tmp_path: Path
) -> None:
    with identity.serving(village, tmp_path) as servers:
        targets = [server.targets(village.subject) for server in servers]
        for question in ("small", "list"):
            answers = [contenders.ask(target[question]) for target in targets]
            assert answers[0] == answers[1] == answers[2]
        for target in targets:
            with identity.Line(target["small"]) as one, identity.Line(target["small"]) as other:
                assert identity._rate([one, other]) > 0
        stranger = [target["small"]._replace(token="nobody") for target in targets]
        with pytest.raises(contenders.ContenderError, match="401"):
            contenders.ask(stranger[0])
        assert contenders.ask(stranger[1]) == contenders.ask(stranger[2])


@contextmanager
def own_clients() -> Iterator[None]:
    """Generate the load without wrk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "generator", lambda: "own")
        yield


def test_clients_without_wrk_count_whole_answers(servers: list[Contender], village: Place) -> None:
    with own_clients():
        for server in servers:
            for target in server.targets(village.subject).values():
                assert load.measure(target, clients=2, seconds=0.3).rate > 0
