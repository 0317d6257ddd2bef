"""Requests to external providers: bounded in time and size, without following redirects."""

import asyncio
import json
import ssl
from functools import cache
from typing import Any

import httpx2

from auth.external.remembered import NotFetchedError

SECONDS = 4.0  # for a whole response
LARGEST = 262_144  # bytes of a response body


class BoundedTransport(httpx2.AsyncBaseTransport):
    """A transport that rejects responses larger than LARGEST and compressed responses.

    A compressed response could unpack to more than LARGEST.
    """

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport(verify=_trusted())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises httpx2.TransportError."""
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        body = bytearray()
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise httpx2.RemoteProtocolError("the answer is compressed", request=request)
            async for part in response.aiter_raw():
                body += part
                if len(body) > LARGEST:
                    raise httpx2.RemoteProtocolError("the answer is too large", request=request)
        finally:
            await response.aclose()
        return httpx2.Response(
            response.status_code, headers=response.headers, content=bytes(body), request=request
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


async def fetch_object(url: str) -> dict[str, Any]:
    """Return the JSON object at a URL. Raises NotFetchedError."""
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx2.AsyncClient(transport=BoundedTransport(), timeout=SECONDS) as http,
        ):
            response = await http.get(url, headers={"Accept": "application/json"})
        if response.status_code != httpx2.codes.OK:
            raise NotFetchedError(f"{url} answered {response.status_code}")
        found = json.loads(response.content)
    except TimeoutError as error:
        raise NotFetchedError(f"{url} did not answer in time") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NotFetchedError(f"{url}: {type(error).__name__}") from error
    except (ValueError, RecursionError) as error:
        raise NotFetchedError(f"{url} is not JSON") from error
    if not isinstance(found, dict):
        raise NotFetchedError(f"{url} is not a JSON object")
    return found


@cache
def _trusted() -> ssl.SSLContext:
    return httpx2.create_ssl_context()
