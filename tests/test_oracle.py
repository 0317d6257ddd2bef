"""Compiled reads return the same as graphql-core's own execution over plain rows."""

import os
import random

import pytest

from tests.oracle.asking import Compiled, canonical, parsed
from tests.oracle.growth import grow
from tests.oracle.reference import Reference
from tests.oracle.surveys import Surveys
from tests.oracle.world import load

EXAMPLES = int(os.environ.get("SANGKIEN_ORACLE_EXAMPLES", "400"))
EACH = 100  # questions for each world
ROOTS = ("units", "initiatives", "campaigns", "viewer", "auditEvents", "emulationBlocs")


@pytest.mark.parametrize("seed", range(max(1, EXAMPLES // EACH)))
async def test_a_compiled_read_answers_as_the_reference_does(database, seed):
    world = grow(seed)
    load(world, database)
    rng = random.Random(seed)
    questions = Surveys(world, rng)
    compiled = await Compiled.connect(database, world)
    names = [None, *(account.username for account in world.rows["account"])]
    callers = {name: Reference(world, name) for name in names}
    thorough = [(root, name) for name in rng.sample(names, 3) for root in ROOTS]
    for number in range(EACH):
        if number < len(thorough):
            root, name = thorough[number]
            question = questions.everything(root)
        elif number < 2 * len(thorough):
            question, name = questions.sifting(), rng.choice(names)
        else:
            question, name = questions.draw(), rng.choice(names)
        expected = callers[name].answer(question.text, question.variables)
        answer = parsed(await compiled.bytes(name, question.text, question.variables))
        questions.remember(answer)
        assert canonical(answer) == canonical(expected), f"{name} asks:\n{question}"
    await compiled.close()
