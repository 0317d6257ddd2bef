"""The GraphiQL page that a browser gets at /graphql, and its files.

Both are built by ``python -m api.graphiql_build``. The API does not need them: without them the
page is a short text with the command that builds it.
"""

import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT = Path(__file__).parent / "static" / "graphiql"
"""The target folder of the build. Its stamp, ``.built``, is written last."""

ALLOWED_SOURCES = {
    "default-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Monaco and GraphiQL set style attributes
    "font-src": "'self' data:",  # GraphiQL's fonts are inside its style sheet
    "img-src": "'self' data:",
    "worker-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",  # a framed page could trick a reader into a mutation
}
"""What the page may load, by the directives of Content-Security-Policy."""

POLICY = "; ".join(f"{directive} {sources}" for directive, sources in ALLOWED_SOURCES.items())

PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # it names the hashed files of the newest build
    "Vary": "Accept",  # at the same URL other clients get JSON
}

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sangkien</title>
<link rel="icon" href="data:,">
<style>
  body { font: 1.1rem/1.5 sans-serif; margin: 3rem auto; max-width: 36rem; padding: 0 1rem }
</style>
<h1>sangkien</h1>
<p>The GraphQL API works: send a POST to this address.</p>
<p>The GraphiQL page is not built yet. To build it, run <code>make graphiql</code>
and load this page again.</p>
</html>
"""

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""The only kinds of files served. Fixed here because the machine's own table may differ."""

HASHED_NAME = re.compile(r"-[A-Z0-9]{8}\.")


def page(_request: Request) -> Response:
    """Return the GraphiQL page, or a short text while it is not built."""
    if (BUILT / ".built").is_file():
        html = (BUILT / "index.html").read_text(encoding="utf-8")
    else:
        html = NOT_BUILT
    return HTMLResponse(html, headers=PAGE_HEADERS)


def assets() -> Mount:
    """Return the route of the page's scripts, styles and licences."""
    return Mount("/graphql/assets", app=BuiltFiles(directory=BUILT / "assets", check_dir=False))


class BuiltFiles(StaticFiles):
    """Files of the build, compressed if the browser accepts it."""

    async def check_config(self) -> None:
        """Accept a missing folder: until the page is built, every file is not found."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or the compressed ``.gz`` copy that the build made beside it."""
        media_type = MEDIA_TYPES.get(Path(path).suffix)
        if media_type is None:
            raise HTTPException(status_code=404)
        response = await self.packed(path, scope) or await super().get_response(path, scope)
        # A file with a hash in its name never changes.
        age = "max-age=31536000, immutable" if HASHED_NAME.search(path) else "no-cache"
        response.headers["Cache-Control"] = f"public, {age}"
        # A worker obeys the policy that came with its own script, not the page's.
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Content-Type"] = media_type
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    async def packed(self, path: str, scope: Scope) -> Response | None:
        """Return the compressed copy; None if there is none or the client does not accept it."""
        if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return None
        try:
            response = await super().get_response(f"{path}.gz", scope)
        except HTTPException:
            return None
        response.headers["Content-Encoding"] = "gzip"
        return response
