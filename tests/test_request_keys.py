"""Idempotency keys: an account's latest ones are stored, up to a limit."""

from db.commands import requests
from tests.mutating import change, value, writing


async def test_of_an_accounts_keys_so_many_are_remembered(programme, monkeypatch):
    monkeypatch.setattr(requests, "MOST", 3)
    given = "select count(*) from request_key where account_id = %s"
    account = value(programme, "select id from account where username = 'member'")
    change(
        programme,
        """insert into request_key (account_id, key, digest, outcome, at)
        select a, k::text, 'x', '{}', now() - make_interval(secs => 100 - k)
        from unnest(array[%s, 1]) as a, generate_series(1, 20) as k""",
        account,
    )

    async def command():
        return {}

    async with writing(programme) as unguarded:
        await unguarded.run("member", lambda s: requests.once(s, "new", b"x", command))
        assert value(programme, given, account) == 4
        kept = "select string_agg(key, ' ' order by at) from request_key where account_id = %s"
        assert value(programme, kept, account) == "18 19 20 new"
        assert value(programme, given, 1) == 20
