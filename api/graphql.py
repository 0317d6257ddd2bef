"""The GraphQL endpoint: a request becomes a principal and a plan, the plan's JSON the response."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import answers, metrics
from api.bodies import (
    GraphQLRequest,
    method_not_allowed,
    parse_body,
    parse_parameters,
    read_body,
    wants_page,
)
from api.graphiql_page import page
from api.refusals import refusal
from auth.principal import Principal, Principals
from auth.tokens import TokenError, Verifier
from db.sessions import GrantsChangedError, Reader, UnavailableError
from db.transactions import Writer
from schema.compiler.plan import Cache, Compiler, Operation, Plan
from schema.messages import preferred
from schema.run import Asker, Mutations

Prepared = tuple[Plan, Sequence[Any]] | tuple[Operation, Any]
"""A query's plan and parameters, or a mutation and its variables."""

_TRIES = 3  # of an operation whose caller's grants change meanwhile
_BEARER = "bearer "


class GraphQLEndpoint:
    """Answers GraphQL over HTTP at one address, as an ASGI application."""

    def __init__(
        self,
        compiler: Compiler,
        verifier: Verifier,
        principals: Principals,
        reader: Reader,
        writer: Writer,
    ) -> None:
        self._compiler = compiler
        self._verifier = verifier
        self._principals = principals
        self._reader = reader
        self._mutations = Mutations(compiler, writer)
        # Clients send the same few bodies over and over: what became of one is remembered.
        self._prepared: Cache[Prepared] = Cache(2_048)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        started = perf_counter()
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        metrics.observe(response.status_code, perf_counter() - started)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET" and wants_page(request.headers, request.query_params):
            return page(request)
        media = answers.media_type(request.headers)
        try:
            what, values = await self._prepare(request)
            username = await self._username(request)
            if isinstance(what, Plan):
                return answers.data(await self._read(username, what, values), media)
            return answers.data(await self._write(request, username, what, values), media)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, it is answered
            return refusal(error, media)

    async def _prepare(self, request: Request) -> Prepared:
        if request.method == "POST":
            body = await read_body(request)
            return self._prepared.remember(body, lambda: self._plan(parse_body(body)))
        if request.method != "GET":
            raise method_not_allowed("Use GET or POST.")
        asked = parse_parameters(request.query_params)
        operation = self._compiler.operation(asked.query, asked.operation_name)
        if operation.kind is not OperationType.QUERY:
            raise method_not_allowed("Only queries may be sent by GET.")
        return self._plan(asked)

    def _plan(self, asked: GraphQLRequest) -> Prepared:
        operation = self._compiler.operation(asked.query, asked.operation_name)
        variables = self._compiler.variables(operation, asked.variables)
        if operation.kind is OperationType.MUTATION:
            return operation, variables
        plan = self._compiler.plan(operation, variables)
        return plan, plan.values(variables)

    async def _write(
        self, request: Request, username: str | None, operation: Operation, variables: Any
    ) -> bytes:
        asker = Asker(
            principal=lambda: self._principals.of(username),
            grants_changed=lambda: self._principals.forget(username),
            read=lambda plan, values: self._read(username, plan, values),
            address=request.client.host if request.client else None,
            locale=preferred(request.headers.get("accept-language")),
        )
        return await self._mutations.run(operation, variables, asker)

    async def _read(self, username: str | None, plan: Plan, values: Sequence[Any]) -> bytes:
        for _ in range(_TRIES):
            principal: Principal = await self._principals.of(username)
            try:
                return await self._reader.fetch_json(principal.caller, plan.sql, values)
            except GrantsChangedError:
                self._principals.forget(username)
        raise UnavailableError("the grants of the account keep changing")

    async def _username(self, request: Request) -> str | None:
        header = request.headers.get("authorization")
        if header is None:
            return None
        if not header.lower().startswith(_BEARER):
            raise TokenError("Send the access token as 'Authorization: Bearer …'.")
        return (await self._verifier.verify(header[len(_BEARER) :].strip())).subject
