"""Rendering of the issuer's pages: template, language and security headers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.oauth.texts import LANGUAGES, Texts

FOLDER = Path(__file__).parent / "pages"

_TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_HEADERS = {
    "Cache-Control": "no-store",
    # With no-referrer a browser would send our own forms with the origin "null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def policy(destinations: Sequence[str] = ()) -> str:
    """Return the content security policy; a form may redirect to `destinations`.

    Chromium applies `form-action` to all redirects after a form.
    """
    forms = " ".join(("'self'", *destinations))
    return (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none';"
        f" frame-ancestors 'none'; form-action {forms}"
    )


def render(
    template: str,
    language: str,
    *,
    status: int = 200,
    destinations: Sequence[str] = (),
    **facts: Any,
) -> Response:
    """Return a page."""
    html = _TEMPLATES.get_template(f"{template}.html").render(
        t=Texts(language), language=language, languages=LANGUAGES, **facts
    )
    headers = {**_HEADERS, "Content-Language": language}
    return HTMLResponse(
        html, status, headers={**headers, "Content-Security-Policy": policy(destinations)}
    )


def style(_: Request) -> Response:
    """Return the style sheet of all pages."""
    return Response(
        (FOLDER / "style.css").read_bytes(),
        media_type="text/css",
        headers={"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"},
    )
