"""Named queries of compiled reads, a file a noun.

Each takes the row of the parent (`of`) and the field's arguments, and returns the rows of the
field. The compiler (schema/compiler) composes them into one statement.
"""

from db.queries import (
    access_tokens,
    audit,
    authorizations,
    awards,
    campaigns,
    clients,
    initiatives,
    people,
    progress,
    results,
    reviews,
    targets,
    units,
    verification,
)

__all__ = [
    "access_tokens",
    "audit",
    "authorizations",
    "awards",
    "campaigns",
    "clients",
    "initiatives",
    "people",
    "progress",
    "results",
    "reviews",
    "targets",
    "units",
    "verification",
]
