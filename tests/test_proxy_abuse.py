"""Values of X-Forwarded-For behind a named proxy: the audit log has only addresses."""

import ipaddress
import time

import psycopg
import pytest

from api.proxies import networks
from tests.client import client
from tests.test_proxies import OUTER, PROXY, address

SUBMIT = """mutation { submitInitiative(input: { number: "X" }) { __typename } }"""
NEAREST = "127.0.0.1"  # the test's own peer
HOSTILE = [
    ([b"zz9"], NEAREST),
    ([b"<script>alert(1)</script>"], NEAREST),
    ([b"'; drop table audit_event; --"], NEAREST),
    ([b"\xff\xfe\x80"], NEAREST),
    ([b"203.0.113.9\xff"], NEAREST),
    (["２０３.0.113.9".encode()], NEAREST),
    (["٢٠٣.0.113.9".encode()], NEAREST),
    ([b"203.0.113.9:443"], "203.0.113.9"),
    ([b"203.0.113.9:443:443"], NEAREST),
    ([b"[2001:db8::9]:443"], "2001:db8::9"),
    ([b"[2001:db8::9%25eth0]"], "2001:db8::9"),
    ([b"fe80::9%eth0"], "fe80::9"),
    ([b"fe80::9%" + b"z" * 5_000], "fe80::9"),
    ([b"::ffff:203.0.113.9"], "203.0.113.9"),
    ([b"::ffff:cb00:7109"], "203.0.113.9"),
    ([b"[::ffff:203.0.113.9]:1"], "203.0.113.9"),
    ([b"::ffff:999.0.113.9"], NEAREST),
    ([b"6.6.6.6", b"203.0.113.9"], "203.0.113.9"),
    ([b"203.0.113.9", b"zz9"], NEAREST),
    ([b"203.0.113.9", b""], NEAREST),
    ([b", ".join([b"zz9"] * 10_000) + b", 203.0.113.9"], "203.0.113.9"),
    ([b"203.0.113.9, " + b", ".join([b"zz9"] * 10_000)], NEAREST),
    ([b"203.0.113.9"] * 10_000, "203.0.113.9"),
]


async def test_the_audit_log_has_an_address_or_the_proxys_and_never_text(programme):
    """A value that is no address is replaced by the next hop that is one."""
    expected = []
    async with client(programme, proxies=networks([NEAREST])) as http:
        token = http.token("member")
        for values, found in HOSTILE:
            headers = [(b"authorization", f"Bearer {token}".encode())]
            headers += [(b"x-forwarded-for", value) for value in values]
            answer = await http.http.post("/graphql", json={"query": SUBMIT}, headers=headers)
            assert answer.status_code == 200, values[0][:60]
            expected.append(found)
    with psycopg.connect(programme) as owner:
        rows = owner.execute(
            "select address from audit_event where kind = 'REFUSED' order by id"
        ).fetchall()
    recorded = [address_ for (address_,) in rows if address_ is not None]
    assert recorded == expected
    assert all(ipaddress.ip_address(one) for one in recorded)


async def test_ten_thousand_entries_cost_nothing_to_speak_of():
    for entries in (["10.0.0.2"] * 10_000, ["fd00::7"] * 10_000, ["x"] * 10_000):
        started = time.process_time()
        for _ in range(20):
            assert await address(", ".join(entries)) in {OUTER, PROXY, "fd00::7"}
        assert (time.process_time() - started) / 20 < 0.02


@pytest.mark.parametrize("forged", [b"zz9", b"\xff", b"203.0.113.9, zz9"])
async def test_texts_in_place_of_addresses_share_the_rate_of_the_proxy(demo, forged):
    """A caller that sends another text each time is still the same caller."""
    async with client(demo, proxies=networks([NEAREST]), rate=0.01, burst=3) as http:
        statuses = []
        for number in range(5):
            headers = [(b"x-forwarded-for", forged + b"%d" % number)]
            body = {"query": "{ campaigns { nodes { code } } }"}
            answer = await http.http.post("/graphql", json=body, headers=headers)
            statuses.append(answer.status_code)
    assert statuses == [200, 200, 200, 429, 429]
