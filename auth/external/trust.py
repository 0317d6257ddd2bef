"""Trust settings of external providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from auth.tokens import ACCESS_TOKEN, Clock, LoadKeys, Verifier

PLAIN = frozenset({"JWT", "jwt", None})
"""The values of `typ` that a token of any kind may have; a provider's ID tokens have them too."""


LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, the only hosts that may use plain http."""


class Link(StrEnum):
    """How a subject that signs in for the first time is linked to an account.

    NONE: only an administrator can link it.
    """

    EMAIL = "email"
    CODE = "code"
    NONE = "none"


@dataclass(frozen=True)
class Trust:
    """The trust settings of one external provider.

    `key` identifies the provider in URLs; `names` are its display names by language. An access
    token must have one of `audiences`; `scope` applies to tokens that carry no scope of this API.
    `second_factor` lists the values of `amr` that count as a second factor. Without a `client_id`
    the sign-in page does not offer the provider.
    """

    issuer: str
    key: str
    names: Mapping[str, str]
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    audiences: tuple[str, ...] = ()
    link: Link = Link.NONE
    plain_jwt: bool = False
    scope: frozenset[str] = frozenset()
    second_factor: frozenset[str] = frozenset()

    @property
    def is_local(self) -> bool:
        """Whether the provider runs on this machine, where plain http is allowed."""
        return self.issuer.startswith("http:")

    def gave_second_factor(self, amr: frozenset[str]) -> bool:
        """Return whether one of these authentication methods counts as a second factor."""
        return not self.second_factor.isdisjoint(amr)

    def verifier(self, load_keys: LoadKeys, audience: str, clock: Clock) -> Verifier:
        """Return a verifier of the provider's access tokens; `audience` is used if none is set."""
        return Verifier(
            load_keys,
            issuer=self.issuer,
            audience=self.audiences or (audience,),
            types=ACCESS_TOKEN | PLAIN if self.plain_jwt else ACCESS_TOKEN,
            clock=clock,
        )
