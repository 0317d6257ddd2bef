"""A nation in a database, with an application to play people against it."""

import asyncio
from base64 import b64encode
from datetime import date
from typing import Any

import psycopg

from db.embedded import EmbeddedServer
from db.prepare import prepare
from db.verify import verify
from db.verify_audit import verify_audit
from tests.client import Client, client
from tests.model.nation import found

ERRORS = "... on Error { code } ... on InvalidInput { problems { code } }"
PAYLOADS = {"review_initiatives": "... on ReviewsPayload { results { error { code } } }"}
# Inputs that a mutation needs and that no rule of the programme checks.
NEEDED: dict[str, dict[str, Any]] = {
    "draft_initiative": {
        "title": "Tên",
        "summary": "Tóm tắt",
        "content": "Nội dung",
        "solutionType": "TECHNICAL",
    },
    "grant_award": {"form": "GIAY_KHEN", "citation": "Thành tích"},
    "create_campaign": {"title": "Chiến dịch"},
    "add_phase": {"title": "Đợt"},
    "add_drive": {"title": "Cao điểm"},
    "create_unit": {"name": "Công đoàn mới"},
}
_IDS = {
    "grant": "Grant",
    "access_token": "AccessToken",
    "authorization": "Authorization",
    "client": "Client",
}
RENAMED = {"grant_award": {"unit": "recipientUnit", "person": "recipientPerson"}}


class Played:
    """Sends mutations as people, and reads their effects."""

    def __init__(self, server: EmbeddedServer, template: str, name: str, today: date) -> None:
        self._server, self._name = server, name
        self.url = prepare(server, name, template)
        found(self.url)
        self._runner = asyncio.Runner()
        self._open(today)

    def _open(self, today: date) -> None:
        self._client = client(self.url, today=today)
        self._http: Client = self._runner.run(self._client.__aenter__())
        self._tokens: dict[str, str] = {}

    def begin_day(self, today: date) -> None:
        """Begin another day."""
        self._runner.run(self._client.__aexit__(None, None, None))
        self._open(today)

    def close(self) -> None:
        """Close the application."""
        self._runner.run(self._client.__aexit__(None, None, None))
        self._runner.close()
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(f"drop database {self._name} with (force)".encode())

    def do(self, who: str | None, action: str, given: dict[str, Any]) -> tuple[Any, ...]:
        """Return GraphQL's result: the type, and the code of the error or those of the parts."""
        mutation = camel(action)
        document = (
            f"mutation ($input: {mutation[0].upper()}{mutation[1:]}Input!) {{"
            f" {mutation}(input: $input) {{ __typename {PAYLOADS.get(action, '')} {ERRORS} }} }}"
        )
        said = NEEDED.get(action, {}) | shaped(given, RENAMED.get(action, {}))
        data = self._runner.run(self._send(who, document, said))
        answer = data[mutation]
        if "results" in answer:
            errors = (result["error"] and result["error"]["code"] for result in answer["results"])
            return answer["__typename"], tuple(errors)
        problems = answer.get("problems")
        return answer["__typename"], problems[0]["code"] if problems else answer.get("code")

    async def _send(self, who: str | None, document: str, said: dict[str, Any]) -> Any:
        headers = {}
        if who is not None:
            if who not in self._tokens:
                self._tokens[who] = self._http.token(who)
            headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        body = {"query": document, "variables": {"input": said}}
        response = await self._http.http.post("/graphql", json=body, headers=headers)
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    def rows(self, query: str) -> list[Any]:
        """Return rows as the owner sees them."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def recounted(self) -> int:
        """Return the number of stored counters that differ from a recount of the raw rows."""
        with psycopg.connect(self.url) as connection:
            return verify(connection).differing

    def audit_faults(self) -> int:
        """Return the number of events or chains of the audit log that fail verification."""
        with psycopg.connect(self.url) as connection:
            return verify_audit(connection).faulty


def camel(name: str) -> str:
    """Return the GraphQL form of a name."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def shaped(given: dict[str, Any], renamed: dict[str, str]) -> dict[str, Any]:
    """Return the GraphQL form of an input of the model."""
    said: dict[str, Any] = {}
    for name, value in given.items():
        if name == "authors":
            share = 100 / len(value)
            said[name] = [{"person": person, "share": share} for person in value]
        elif name == "targets":
            said[name] = [
                {"unit": unit, "assigned": assigned, "version": version}
                for unit, assigned, version in value
            ]
        elif name == "decisions":
            said[name] = [shaped(decision, {}) for decision in value]
        elif name == "applied":
            said["appliedFrom"], said["appliedTo"] = (day.isoformat() for day in value)
        elif name in _IDS:
            said[camel(name)] = b64encode(f"{_IDS[name]}:{value}".encode()).decode()
        else:
            plain = value.isoformat() if isinstance(value, date) else value
            said[renamed.get(name, camel(name))] = plain
    return said
