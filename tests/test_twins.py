"""Rules written in Python and in SQL return the same."""

from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.rules.pace import PaceStatus, pace
from db.rules.text import fold

PHASE_2 = (date(2022, 6, 1), date(2023, 9, 30))
ARTICLE = date(2022, 10, 21)

relaxed = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def connection(server, template):
    url = server.url_for(user="postgres", database=template)
    with psycopg.connect(url, autocommit=True) as opened:
        yield opened


@relaxed
@given(
    achieved=st.integers(0, 10_000_000),
    target=st.none() | st.integers(0, 10_000_000),
    length=st.integers(0, 1_000),
    after=st.integers(-10, 1_500),
)
def test_pace_is_the_same_in_sql_and_in_python(connection, achieved, target, length, after):
    opens = date(2022, 2, 1)
    closes, today = opens + timedelta(length), opens + timedelta(after)
    row = connection.execute(
        "select * from pace(%s, %s, %s, %s, %s)", (achieved, target, opens, closes, today)
    ).fetchone()
    expected = pace(achieved, target, opens, closes, today)
    assert row == (None if expected is None else tuple(vars(expected).values()))


@relaxed
# Only characters that this Python knows: PostgreSQL may know a later Unicode.
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cn"])))
def test_folded_text_is_the_same_in_sql_and_in_python(connection, value):
    assert connection.execute("select fold(%s)", (value,)).fetchone() == (fold(value),)


def test_constants_of_the_day_before_a_window_opens_have_no_pace(connection):
    asked = "select * from pace(1, 2, '2022-02-02', '2022-02-03', '2022-02-01')"
    assert connection.execute(asked).fetchone() is None


def test_folding_takes_vietnamese_to_plain_letters():
    assert fold("Đổi mới SÁNG TẠO ở Hà Nội") == "doi moi sang tao o ha noi"


def test_even_pace_on_the_articles_day_is_1524_3():
    paced = pace(1_500, 5_191, *PHASE_2, ARTICLE)
    assert (paced.day, paced.days, float(paced.expected_by_today)) == (143, 487, 1524.3)


def test_the_first_and_the_last_day_both_count():
    assert pace(0, 10, *PHASE_2, PHASE_2[0]).day == 1
    assert pace(0, 10, *PHASE_2, PHASE_2[1]).day == 487
    assert pace(0, 10, *PHASE_2, PHASE_2[1]).required_rate is None


@pytest.mark.parametrize(
    ("achieved", "today", "status"),
    [
        (5_191, ARTICLE, PaceStatus.ACHIEVED),
        (1_525, ARTICLE, PaceStatus.ON_TRACK),
        (1_300, ARTICLE, PaceStatus.AT_RISK),
        (1_000, ARTICLE, PaceStatus.BEHIND),
        (5_190, date(2023, 10, 1), PaceStatus.MISSED),
        (5_191, date(2023, 10, 1), PaceStatus.ACHIEVED),
    ],
)
def test_status_says_where_the_pace_leads(achieved, today, status):
    assert pace(achieved, 5_191, *PHASE_2, today).status is status


def test_without_a_target_or_before_the_window_there_is_no_pace():
    assert pace(5, None, *PHASE_2, ARTICLE) is None
    assert pace(5, 10, *PHASE_2, date(2022, 5, 31)) is None
