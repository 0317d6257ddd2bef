"""Scalars of the schema: their notation, and the error texts for invalid values."""

import pytest

from schema.build import SCHEMA
from schema.compiler.errors import RefusedError
from schema.compiler.plan import Compiler

DAY = """mutation ($value: Date!) { draftInitiative(input: {campaign: "C", title: "T", summary: "S",
    content: "B", solutionType: TECHNICAL, appliedOn: $value}) { __typename } }"""
MOMENT = "query ($value: DateTime!) { auditEvents(filter: {from: $value}) { totalCount } }"


def taken(query: str, value: object) -> object:
    """Return the parsed variable. Raises RefusedError."""
    compiler = Compiler(SCHEMA._schema)
    coerced = compiler.variables(compiler.operation(query, None), {"value": value}).coerced
    return coerced["value"]


def test_days_and_moments_are_taken_as_they_are_written_everywhere():
    assert str(taken(DAY, "2022-10-21")) == "2022-10-21"
    assert str(taken(MOMENT, "2022-10-21T01:00:00.125Z")) == "2022-10-21 01:00:00.125000+00:00"
    assert str(taken(MOMENT, "2022-10-21T08:00:00+07:00")) == "2022-10-21 08:00:00+07:00"


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01",
        "1899-12-31",
        "3000-01-01",
        "9999-12-31",
        "20221021",
        "2022-W42-5",
        "2022-13-01",
        "21/10/2022",
        "",
        "٢٠٢٢-١٠-٢١",
        20221021,
    ],
)
def test_what_is_no_day_is_refused_in_words_of_ours(value):
    with pytest.raises(
        RefusedError, match=r"A Date is a day of the years 1900 to 2999, written like 2022-10-21\."
    ):
        taken(DAY, value)


@pytest.mark.parametrize(
    "value",
    [
        "9999-12-31T23:59:59Z",
        "2022-10-21",
        "2022-10-21T08:00:00",
        "2022-10-21T25:00:00Z",
        "now",
        "",
        1666314000,
    ],
)
def test_what_is_no_moment_or_has_no_offset_is_refused_in_words_of_ours(value):
    with pytest.raises(
        RefusedError, match="A DateTime is a moment of the years 1900 to 2999, written like"
    ):
        taken(MOMENT, value)
