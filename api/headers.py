"""Security headers, added to every response that does not set them itself."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CAREFUL = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Responses are data: if a browser displays one, it may load nothing and not be framed.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # Other sites' pages may not embed a response; requests allowed by CORS are not affected.
    "cross-origin-resource-policy": "same-origin",
}
_RAW = [(name.encode(), value.encode()) for name, value in CAREFUL.items()]


class CarefulHeaders:
    """An ASGI middleware that adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        """Set the wrapped application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the wrapped application with the headers added."""
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
