"""The external providers that the sign-in page offers, and their URLs."""

from collections.abc import Mapping
from urllib.parse import quote

from api.oauth.visit import ACCOUNT, Visit
from auth.external.provider import Provider

PATH = "/oauth/external"


def choices(visit: Visit, to: str) -> list[tuple[str, str]]:
    """Return the name and the URL of every external provider that the sign-in page offers."""
    asked = "" if to == ACCOUNT else f"?to={quote(to, safe='')}"
    return [
        (provider.trust.names[visit.language], f"{PATH}/{key}{asked}")
        for key, provider in providers(visit).items()
        if provider.trust.client_id is not None
    ]


def named(visit: Visit) -> Provider | None:
    """Return the external provider in the request's path; None where sign-in is not offered."""
    provider = providers(visit).get(visit.request.path_params["key"])
    return provider if provider and provider.trust.client_id is not None else None


def providers(visit: Visit) -> Mapping[str, Provider]:
    """Return every trusted external provider, by its key."""
    found: Mapping[str, Provider] = visit.request.app.state.providers
    return found
