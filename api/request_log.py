"""Gives each request an id and a context, and logs it when it ends."""

import os
import re
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import ACCESS
from api.operation_log import line_of
from db import spans
from db.request_context import CURRENT, RequestContext

HEADER = "X-Request-Id"
_NAME = HEADER.lower().encode()
_TAKEN_OVER = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_STARTS = {"http.response.start", "websocket.accept", "websocket.http.response.start"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestLog:
    """An ASGI middleware that gives requests an id."""

    def __init__(self, app: ASGIApp, *, access: bool) -> None:
        """Set the wrapped application, and whether each request is logged."""
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the wrapped application, with the request's id in a response header."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        context = RequestContext(_id(scope))
        header = (_NAME, context.id.encode())
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in _STARTS:
                status = message.get("status", 101)
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        started = perf_counter()
        token = CURRENT.set(context)
        try:
            if spans.tracer is None:
                await self._app(scope, receive, send_with_id)
            else:
                await self._traced(spans.tracer, scope, receive, send_with_id)
        finally:
            if self._access:
                _log(scope, status, context, perf_counter() - started)
            context.ended = True
            CURRENT.reset(token)

    async def _traced(
        self, tracer: spans.Tracer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        facts = {"http.request.method": _method(scope)}
        headers: Mapping[str, str] = Headers(scope=scope)
        context = CURRENT.get()
        assert context is not None
        with tracer.span("HTTP", facts, headers) as span:

            async def send_and_tell(message: Message) -> None:
                if message["type"] in _STARTS:
                    span.tell("http.response.status_code", message.get("status", 101))
                await send(message)

            try:
                await self._app(scope, receive, send_and_tell)
            finally:
                told = {"http.route": _route(scope), **line_of(context)}
                for name, value in told.items():
                    if value is not None:
                        span.tell(name, value)


def _id(scope: Scope) -> str:
    """Return the client's own id of a request if it is valid, otherwise a new one."""
    for name, value in scope["headers"]:
        if name == _NAME and _TAKEN_OVER.fullmatch(value):
            text: str = value.decode("ascii")
            return text
    return os.urandom(16).hex()


def _log(scope: Scope, status: int, context: RequestContext, seconds: float) -> None:
    facts: dict[str, Any] = {
        "method": _method(scope),
        "route": _route(scope),
        "status": status or None,  # None: the client disconnected before the response
        **line_of(context),
        "milliseconds": round(seconds * 1_000, 1),
    }
    what = "WebSocket" if scope["type"] == "websocket" else "request"
    ACCESS.info(what, extra={"facts": facts})


def _method(scope: Scope) -> str:
    method = scope.get("method", "GET")
    return method if method in _METHODS else "other"


def _route(scope: Scope) -> str | None:
    """Return the pattern of the route, as a path may contain anything; None without a route."""
    return getattr(scope.get("route"), "path", None)
