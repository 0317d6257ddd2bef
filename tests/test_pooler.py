"""A pooler in transaction mode between the API and PostgreSQL: Debian's pgbouncer."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from contextlib import AsyncExitStack, contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest

from tests.client import client
from tests.mutating import differing

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    PGBOUNCER is None,
    reason="PGBOUNCER IS NOT INSTALLED: nothing shows here that a pooler works (apt: pgbouncer)",
)
CONFIG = """
[databases]
* = host={folder} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
"""
UNITS = ("TLD", "TTTT", "VNPT", "VNPT-HNI")
READS = (
    '{{ unit(code: "{}") {{ code name }} viewer {{ account {{ username }} }} }}',
    '{{ unit(code: "{}") {{ initiatives(first: 3) {{ totalCount nodes {{ number state }} }} }} }}',
    '{{ unit(code: "{}") {{ progress(campaign: "1TRSK", phase: 1) {{ achieved percent }} }} }}',
)
DRAFT = """mutation($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    __typename ... on InitiativePayload { initiative { number } }
    ... on InvalidInput { problems { path code } } } }"""
FIELDS = {
    "campaign": "1TRSK",
    "unit": "VNPT-HNI",
    "title": "Sáng kiến",
    "summary": "Hiệu quả",
    "content": "Nội dung",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-03-01",
    "authors": [{"person": "SYN-0000366", "share": 60}, {"person": "SYN-0000367", "share": 40}],
}


@contextmanager
def pooled(url, folder):
    """Run pgbouncer in front of a database; return the settings by which it is reached."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        listen = probe.getsockname()[1]
    users = folder / "users.txt"
    users.write_text('"sangkien_reader" ""\n"sangkien_writer" ""\n', "ascii")
    config = folder / "pgbouncer.ini"
    where = {"folder": query["host"], "port": query["port"], "users": users, "listen": listen}
    config.write_text(CONFIG.format(**where), "utf-8")
    for path in (folder, users, config):
        path.chmod(0o755)
    for parent in folder.parents:
        if parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o755)
    # It does not run as root; the server's own user may reach the server's socket.
    owner = os.stat(unquote(query["host"]))  # noqa: PTH116 - no path of ours
    account = {"user": owner.st_uid, "group": owner.st_gid} if os.getuid() == 0 else {}
    process = subprocess.Popen([PGBOUNCER, str(config)], stderr=subprocess.DEVNULL, **account)
    try:
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", listen), 1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
        yield lambda user: f"postgresql://{user}@127.0.0.1:{listen}{parts.path}"
    finally:
        process.terminate()
        process.wait(10)


def behind(url):
    return {
        "reader_url": url("sangkien_reader"),
        "writer_url": url("sangkien_writer"),
        "pooler": "transaction",
    }


@pytest.mark.parametrize("workers", [1, 3])
async def test_reads_and_writes_work_behind_a_pooler_in_transaction_mode(
    programme, tmp_path, workers
):
    callers = ("member", "tttt-admin", None)
    few = asyncio.Semaphore(4 * workers)
    asked = [(read.format(unit), caller) for read in READS for unit in UNITS for caller in callers]
    async with client(programme) as direct:
        expected = [await direct.data(query, caller) for query, caller in asked]

    async def answer(api, *question, **body):
        async with few:
            return await api.data(*question, **body)

    with pooled(programme, tmp_path) as url:
        async with AsyncExitStack() as stack:
            apis = [
                await stack.enter_async_context(client(programme, **behind(url)))
                for _ in range(workers)
            ]
            for _ in range(2):
                answers = await asyncio.gather(
                    *(
                        answer(apis[number % workers], query, caller)
                        for number, (query, caller) in enumerate(asked)
                    )
                )
                assert answers == expected
            drafts = await asyncio.gather(
                *(
                    answer(apis[number % workers], DRAFT, "support", variables={"input": FIELDS})
                    for number in range(12)
                )
            )
    numbers = {draft["draftInitiative"]["initiative"]["number"] for draft in drafts}
    assert len(numbers) == 12
    assert differing(programme) == 0


async def test_the_issuer_works_behind_a_pooler_in_transaction_mode(programme, tmp_path):
    def look(connection, _, number):
        return connection.execute("select %s::int as number", [number]).fetchone()["number"]

    with pooled(programme, tmp_path) as url:
        async with client(programme, **behind(url)) as api:
            issuer = api.http._transport.app.state.issuer
            found = await asyncio.gather(*(issuer.run(look, number) for number in range(60)))
        with psycopg.connect(url("sangkien_writer"), prepare_threshold=None) as connection:
            row = connection.execute("select count(*) from pg_prepared_statements").fetchone()
    assert found == list(range(60))
    assert row == (0,)
