"""The sketch of a text is the same in SQL and in Python."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.rules.text import fold
from tests.oracle.sketch import hashtext, sketch

relaxed = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
words = st.sampled_from(["máy", "hàn", "cáp", "quang", "cải", "(BX7021)", "12", "phút;", "ở"])


@pytest.fixture(scope="module")
def connection(server, template):
    with psycopg.connect(server.url_for(user="postgres", database=template)) as opened:
        yield opened


@relaxed
@given(texts)
def test_a_hash_is_the_same_in_sql_and_in_python(connection, text):
    assert connection.execute("select hashtext(%s)", (text,)).fetchone() == (hashtext(text),)


@relaxed
@given(texts | st.lists(words | texts).map(" ".join), st.sampled_from((5, 8)))
def test_a_sketch_is_the_same_in_sql_and_in_python(connection, text, words):
    row = connection.execute("select sketch(fold(%s), %s)", (text, words)).fetchone()
    assert set(row[0]) == sketch(fold(text), words)


@relaxed
@given(texts | st.lists(words | texts).map(" ".join))
def test_a_wide_sketch_has_all_keys_of_the_narrow_one(text):
    assert sketch(fold(text), 5) <= sketch(fold(text), 8)


@relaxed
@given(st.lists(words), st.randoms())
def test_order_does_not_matter(parts, chance):
    other = chance.sample(parts, len(parts))
    assert sketch(fold(" ".join(parts)), 5) == sketch(fold(" ".join(other)), 5)
