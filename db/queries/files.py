"""Queries of file exports: the rows of a kind in the caller's scopes, as columns of the file.

They run as the reader, bound to the caller: policies hide rows, and confidential and personal
data are redacted by the same expressions as in GraphQL. `tops` are the paths of the subtrees that
the caller may export.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from db.models import (
    Account,
    Authorship,
    Campaign,
    EmulationBloc,
    Initiative,
    Person,
    Phase,
    RoleGrant,
    Target,
    Unit,
)
from db.models.base import LTree
from db.queries import initiatives as initiative_queries
from db.queries import people as people_queries
from db.queries.rows import Row, any_of

_YEARS = (1, 2, 3)


def units(tops: list[str]) -> Select[Any]:
    """Return units, parents before children."""
    unit, above, bloc = _unit("u"), _unit("above"), EmulationBloc.__table__.alias("bloc")
    return (
        select(
            *(unit.c.code, unit.c.name, unit.c.level, above.c.code.label("parent")),
            *(unit.c.member_count, bloc.c.code.label("bloc"), unit.c.valid_from),
            unit.c.valid_to.label("closed_on"),
        )
        .outerjoin(above, above.c.id == unit.c.parent_id)
        .outerjoin(bloc, bloc.c.id == unit.c.bloc_id)
        .where(_within(unit.c.path, tops))
        .order_by(unit.c.path)
    )


def people(tops: list[str]) -> Select[Any]:
    """Return people, in the order of their ids."""
    person, unit, of = Person.__table__.alias("p"), _unit("u"), Row("p")
    return (
        select(
            people_queries.code(of).label("code"),
            people_queries.name(of).label("name"),
            unit.c.code.label("unit"),
            person.c.sector,
            people_queries.email(of).label("email"),
            people_queries.phone(of).label("phone"),
        )
        .join(unit, unit.c.id == person.c.unit_id)
        .where(_within(person.c.path, tops))
        .order_by(person.c.id)
    )


def accounts(tops: list[str]) -> Select[Any]:
    """Return the accounts of people, a row for each current or future role grant, by their ids."""
    account, person, of = Account.__table__.alias("a"), Person.__table__.alias("p"), Row("p")
    grant, unit = RoleGrant.__table__.alias("g"), _unit("u")
    lasts = grant.c.revoked_at.is_(None) & (
        grant.c.valid_to.is_(None) | (grant.c.valid_to >= func.today())
    )
    return (
        select(
            account.c.username,
            people_queries.code(of).label("person"),
            *(grant.c.role, unit.c.code.label("unit")),
            account.c.disabled_at.is_not(None).label("disabled"),
        )
        .join(person, person.c.id == account.c.person_id)
        .outerjoin(grant, (grant.c.account_id == account.c.id) & lasts)
        .outerjoin(unit, unit.c.id == grant.c.unit_id)
        .where(_within(person.c.path, tops))
        .order_by(account.c.id, grant.c.id)
    )


def targets(tops: list[str]) -> Select[Any]:
    """Return targets, phase by phase, parents before children."""
    target, unit = Target.__table__.alias("t"), _unit("u")
    phase, campaign = Phase.__table__.alias("p"), Campaign.__table__.alias("c")
    return (
        select(
            *(campaign.c.code.label("campaign"), phase.c.ordinal.label("phase")),
            *(unit.c.code.label("unit"), target.c.assigned, target.c.registered),
        )
        .join(unit, unit.c.id == target.c.unit_id)
        .join(phase, phase.c.id == target.c.phase_id)
        .join(campaign, campaign.c.id == phase.c.campaign_id)
        .where(_within(target.c.path, tops))
        .order_by(campaign.c.code, phase.c.ordinal, target.c.path)
    )


def initiatives(tops: list[str]) -> Select[Any]:
    """Return initiatives, in the order in which they were drafted."""
    initiative, unit, of = Initiative.__table__.alias("i"), _unit("u"), Row("i")
    phase, campaign = Phase.__table__.alias("p"), Campaign.__table__.alias("c")
    return (
        select(
            *(initiative.c.number, initiative.c.state, campaign.c.code.label("campaign")),
            *(phase.c.ordinal.label("phase"), unit.c.code.label("unit")),
            *(initiative.c.title, initiative.c.summary),
            initiative_queries.content(of).label("content"),
            *(initiative.c.solution_type, initiative.c.field, initiative.c.sector),
            *(initiative.c.applied_on, initiative.c.confidential),
            *_by_year(initiative.c.claimed, "claimed"),
            initiative.c.other_benefit,
            _authors(initiative).label("authors"),
            *(initiative.c.submitted_at, initiative.c.recognised_at, initiative.c.confirmed_at),
            *_by_year(initiative.c.verified, "verified"),
        )
        .outerjoin(unit, unit.c.id == initiative.c.unit_id)
        .join(campaign, campaign.c.id == initiative.c.campaign_id)
        .outerjoin(phase, phase.c.id == initiative.c.phase_id)
        .where(_within(initiative.c.path, tops))
        .order_by(initiative.c.id)
    )


def _authors(initiative: FromClause) -> ColumnElement[Any]:
    """Return the authors as code:share;code:share, the largest share first."""
    authorship, person = Authorship.__table__.alias("a"), Person.__table__.alias("author")
    code = func.coalesce(people_queries.code(Row("author")), "***")
    one = code + ":" + cast(func.trim_scale(authorship.c.share), Text)
    in_order = aggregate_order_by(literal(";"), authorship.c.share.desc(), authorship.c.person_id)
    return (
        select(func.string_agg(one, in_order))
        .select_from(authorship.outerjoin(person, person.c.id == authorship.c.person_id))
        .where(authorship.c.initiative_id == initiative.c.id)
        .scalar_subquery()
    )


def _by_year(amounts: ColumnElement[Any], name: str) -> list[Label[Any]]:
    return [amounts[year].label(f"{name}_{year}") for year in _YEARS]


def _unit(alias: str) -> FromClause:
    return Unit.__table__.alias(alias)


def _within(path: ColumnElement[Any], tops: list[str]) -> ColumnElement[bool]:
    return path.bool_op("<@")(any_of(cast(literal(tops, ARRAY(Text)), ARRAY(LTree())), LTree()))
