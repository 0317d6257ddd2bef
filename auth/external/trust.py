"""Which issuers of others are trusted, and how far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from auth.tokens import ACCESS_TOKEN, Clock, LoadKeys, Verifier

PLAIN = frozenset({"JWT", "jwt", None})
"""What tokens of any kind may have for their type; an issuer's ID tokens have it too."""


LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine, the only ones that may be on plain http."""


class Link(StrEnum):
    """How somebody who comes from an issuer for the first time finds their account.

    NONE: by nothing they do; an administrator links them.
    """

    EMAIL = "email"
    CODE = "code"
    NONE = "none"


@dataclass(frozen=True)
class Trust:
    """An issuer, and what is taken from it.

    `key` names it in our addresses, `names` for people, by language. `audiences` are what its
    access tokens must be for, one of them; `scope` is what a token may be used for that says
    nothing of it itself. `second_factor` are the values of `amr` that stand for a second factor.
    Without a `client_id` nobody signs in there from our pages.
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
        """Whether it is on this machine, where plain http is allowed."""
        return self.issuer.startswith("http:")

    def gave_second_factor(self, amr: frozenset[str]) -> bool:
        """Whether one of these methods of authentication stands for a second factor."""
        return not self.second_factor.isdisjoint(amr)

    def verifier(self, load_keys: LoadKeys, audience: str, clock: Clock) -> Verifier:
        """Return what verifies its access tokens; `audience` is ours, where it names none."""
        return Verifier(
            load_keys,
            issuer=self.issuer,
            audience=self.audiences or (audience,),
            types=ACCESS_TOKEN | PLAIN if self.plain_jwt else ACCESS_TOKEN,
            clock=clock,
        )
