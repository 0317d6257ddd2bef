"""A read of an anonymous caller has a connection for at most a second in all."""

import pytest

from db.sessions import TooSlowError
from tests.oracle.asker import asking

SLOW = "select to_json(pg_sleep(0.8)::text)"


async def test_it_ends_when_its_time_is_over_and_the_next_has_another_connection(demo, monkeypatch):
    async with asking(demo) as ask:
        caller = (await ask.principals.of(None)).caller
        assert caller.is_anonymous
        assert await ask.reader.fetch_json(caller, SLOW, []) == b'""'
        monkeypatch.setattr(ask.reader, "_anonymous_ms", 200)
        with pytest.raises(TooSlowError):
            await ask.reader.fetch_json(caller, SLOW, [])
        assert await ask("{ __typename }", by=None) == {"__typename": "Query"}
        assert (await ask("{ viewer { account { username } } }"))["viewer"]["account"]
