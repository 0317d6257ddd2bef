"""A nation in a database, with an application to play people against."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any

import psycopg

from db.embedded import EmbeddedServer
from db.prepare import prepare
from db.verify import verify
from tests.client import Client, client
from tests.model.nation import CAMPAIGN, found

ERRORS = "... on Error { __typename code }"


class Played:
    """Sends mutations as people, and looks at what became of them."""

    def __init__(self, server: EmbeddedServer, template: str, name: str, today: date) -> None:
        self._server, self._name = server, name
        self.url = prepare(server, name, template)
        found(self.url)
        self._runner = asyncio.Runner()
        self._client = client(self.url, today=today)
        self._http: Client = self._runner.run(self._client.__aenter__())

    def close(self) -> None:
        """Leave nothing."""
        self._runner.run(self._client.__aexit__(None, None, None))
        self._runner.close()
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(f"drop database {self._name} with (force)".encode())

    def ask(self, who: str | None, mutation: str, payload: str, **given: Any) -> dict[str, Any]:
        """Return the answer to a mutation; `payload` is what is asked of its success type."""
        name = mutation[0].upper() + mutation[1:]
        document = (
            f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{"
            f" __typename {payload} {ERRORS} }} }}"
        )
        data = self._runner.run(self._http.data(document, who, variables={"input": given}))
        answer: dict[str, Any] = data[mutation]
        return answer

    def rows(self, query: str) -> list[Any]:
        """Return rows as the owner sees them."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def totals(self) -> dict[tuple[str, int], Counter[str]]:
        """Return the stored totals by unit and phase."""
        rows = self.rows(
            "select u.code, r.ordinal, sum(submitted), sum(recognised), sum(confirmed),"
            " sum(returned), sum(rejected) from rollup r join unit u on u.id = r.unit_id"
            f" join campaign c on c.id = r.campaign_id where c.code = '{CAMPAIGN}'"
            " and r.ordinal > 0 group by u.code, r.ordinal"
        )
        names = ("submitted", "recognised", "confirmed", "returned", "rejected")
        return {
            (code, ordinal): +Counter(dict(zip(names, map(int, counts), strict=True)))
            for code, ordinal, *counts in rows
        }

    def recounted(self) -> int:
        """Return how many stored cells differ from a recount of the raw rows."""
        with psycopg.connect(self.url) as connection:
            return verify(connection).differing
