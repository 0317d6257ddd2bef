"""Error descriptions of the issuer, by the error codes of OAuth and OpenID Connect.

Authlib's descriptions repeat the input and change between its versions, so they are never sent. The
texts use only the characters that RFC 6749 (4.1.2.1, 5.2) allows.
"""

from enum import StrEnum

from authlib.oauth2.rfc6749 import OAuth2Error


class Words(StrEnum):
    """Error descriptions of cases that share an error code."""

    SIGN_IN_AGAIN = "The account has to sign in again."
    NO_SERVICE_ACCOUNT = "The client's service account cannot be used."
    NO_CHALLENGE = "The code_challenge is missing."
    OTHER_CHALLENGE = "The code_challenge_method must be S256."
    OTHER_MODE = "The response_mode must be query."
    NO_HINT = "The id_token_hint is not an ID token."
    FOREIGN_HINT = "The id_token_hint is not an ID token of this issuer."


_BY_CODE = {
    "access_denied": "The person did not agree.",
    "account_selection_required": "The person has to choose an account.",
    "consent_required": "The person has to agree first.",
    "interaction_required": "The person has to be asked something first.",
    "invalid_client": "The client is unknown, or its credentials are not those that it has.",
    "invalid_grant": (
        "The code or refresh token does not hold, "
        "or not with this client, redirect_uri and code_verifier."
    ),
    "invalid_request": (
        "A parameter is missing or cannot be as it is: "
        "see the client's redirect URIs and the parameters that this endpoint takes."
    ),
    "invalid_scope": "The scope is unknown, or not for this client.",
    "login_required": "The person has to sign in first.",
    "request_not_supported": "The parameter request is not taken.",
    "request_uri_not_supported": "The parameter request_uri is not taken.",
    "unauthorized_client": "The client may not ask for this in this way.",
    "unsupported_grant_type": "The grant_type is not one of those that this issuer has.",
    "unsupported_response_type": "The response_type must be code.",
    "unsupported_token_type": "The token_type_hint is not one that this endpoint knows.",
}


def said(error: OAuth2Error) -> str:
    """Return the description of an error."""
    if isinstance(error.description, Words):
        return str(error.description)
    return _BY_CODE.get(error.error or "", "The request cannot be carried out.")
