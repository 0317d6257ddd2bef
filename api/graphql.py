"""The GraphQL endpoint: a request becomes a principal and a plan, the plan's JSON the response."""

import logging
import uuid
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import answers, metrics
from api.bodies import BodyError, GraphQLRequest, parse_body, parse_parameters, read_body, wants_page
from api.graphiql_page import page
from auth.principal import Principal, Principals, UnknownAccountError
from auth.tokens import TokenError, Verifier
from db.sessions import GrantsChangedError, Reader, TooSlowError, UnavailableError
from schema.compiler.plan import Cache, Compiler, Plan, RefusedError

_LOG = logging.getLogger("sangkien.graphql")
_TRIES = 3  # of an operation whose caller's grants change meanwhile
_BEARER = "bearer "


class GraphQLEndpoint:
    """Answers GraphQL over HTTP at one address, as an ASGI application."""

    def __init__(
        self, compiler: Compiler, verifier: Verifier, principals: Principals, reader: Reader
    ) -> None:
        self._compiler = compiler
        self._verifier = verifier
        self._principals = principals
        self._reader = reader
        # Clients send the same few bodies over and over: what became of one is remembered.
        self._prepared: Cache[tuple[Plan, Sequence[Any]]] = Cache(2_048)

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
            if request.method not in {"GET", "POST"}:
                raise BodyError(405, "METHOD_NOT_ALLOWED", "Use GET or POST.")
            plan, values = await self._prepare(request)
            return answers.data(await self._run(request, plan, values), media)
        except BodyError as error:
            allow = {"Allow": "GET, POST"} if error.status == 405 else {}
            return answers.failed(error.status, error.code, str(error), media, headers=allow)
        except RefusedError as error:
            return answers.refused(error.errors, media)
        except (TokenError, UnknownAccountError) as error:
            return _unauthenticated(error, media)
        except UnavailableError:
            _LOG.warning("the database is not available", exc_info=True)
            return answers.failed(
                503, "UNAVAILABLE", "The database is not available; try again.", media,
                headers={"Retry-After": "2"},
            )
        except TooSlowError:
            return answers.failed(
                503, "TIMEOUT", "The operation took too long and was stopped; ask for less.", media
            )
        except ClientDisconnect:
            raise
        except Exception:
            return _masked(media)

    async def _prepare(self, request: Request) -> tuple[Plan, Sequence[Any]]:
        if request.method == "GET":
            asked = parse_parameters(request.query_params)
            if self._compiler.operation(asked.query, asked.operation_name).kind is not OperationType.QUERY:
                raise BodyError(405, "METHOD_NOT_ALLOWED", "Only queries may be sent by GET.")
            return self._plan(asked)
        body = await read_body(request)
        prepared: tuple[Plan, Sequence[Any]] = self._prepared.remember(
            body, lambda: self._plan(parse_body(body))
        )
        return prepared

    def _plan(self, asked: GraphQLRequest) -> tuple[Plan, Sequence[Any]]:
        operation = self._compiler.operation(asked.query, asked.operation_name)
        variables = self._compiler.variables(operation, asked.variables)
        plan = self._compiler.plan(operation, variables)
        return plan, plan.values(variables)

    async def _run(self, request: Request, plan: Plan, values: Sequence[Any]) -> bytes:
        username = await self._username(request)
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


def _unauthenticated(error: Exception, media: str) -> Response:
    message = str(error) if isinstance(error, TokenError) else "The token's account does not exist."
    return answers.failed(
        401, "UNAUTHENTICATED", message, media,
        headers={"WWW-Authenticate": 'Bearer realm="sangkien", error="invalid_token"'},
    )


def _masked(media: str) -> Response:
    correlation_id = uuid.uuid4().hex
    _LOG.exception("unexpected error %s", correlation_id)
    return answers.failed(
        500, "INTERNAL", "Something went wrong on our side; it was logged under this id.", media,
        correlationId=correlation_id,
    )
