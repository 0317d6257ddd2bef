"""Headers that tell browsers to be careful, on every answer that does not say more itself."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CAREFUL = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Answers are data: should a browser show one as a page, it may load and be framed by nothing.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # Other sites' pages may not embed an answer; those that CORS lets in are not held by this.
    "cross-origin-resource-policy": "same-origin",
}
_RAW = [(name.encode(), value.encode()) for name, value in CAREFUL.items()]


class CarefulHeaders:
    """An ASGI application whose answers all have the headers, around another one."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_carefully(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                said = {name for name, _ in headers}
                message["headers"] = [*headers, *(pair for pair in _RAW if pair[0] not in said)]
            await send(message)

        await self._app(scope, receive, send_carefully)
