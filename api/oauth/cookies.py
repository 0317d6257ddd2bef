"""The cookies of our pages. On https their names have the prefix that binds them to this host.

A `__Host-` cookie must be Secure, which browsers accept over https only; on http://localhost the
names have no prefix.
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION, DEVICE, FORM, LANGUAGE = "session", "device", "form", "language"
EXTERNAL = "external"
_YEAR = 365 * 24 * 3600
_AGES = {DEVICE: _YEAR, LANGUAGE: _YEAR, EXTERNAL: 600}  # seconds; others end with the browser
_LONGEST = {EXTERNAL: 4_000}  # characters; others have at most 100


@dataclass(frozen=True)
class Cookies:
    """Reads and sets cookies; `secure` where the issuer uses https."""

    secure: bool

    def name_of(self, cookie: str) -> str:
        """Return the name of a cookie in the browser."""
        return f"__Host-sangkien-{cookie}" if self.secure else f"sangkien-{cookie}"

    def get(self, request: HTTPConnection, cookie: str) -> str | None:
        """Return a cookie's value; None where it is missing, too long or not printable ASCII."""
        value = request.cookies.get(self.name_of(cookie))
        fits = (
            value
            and len(value) <= _LONGEST.get(cookie, 100)
            and value.isascii()
            and value.isprintable()
        )
        return value if fits else None

    def set(self, response: Response, cookie: str, value: str | None) -> None:
        """Set a cookie; None deletes it."""
        if value is None:
            response.delete_cookie(
                self.name_of(cookie), secure=self.secure, httponly=True, samesite="lax"
            )
            return
        response.set_cookie(
            self.name_of(cookie),
            value,
            max_age=_AGES.get(cookie),
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )
