"""Named queries of compiled reads, a file a noun.

Each takes the row of the parent (`of`) and the field's arguments, and says which rows stand
for the field. The compiler (schema/compiler) puts them together to one statement.
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
