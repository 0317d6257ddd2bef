"""A valid input for every mutation at a unit: FA has the role grant, UA is inside, FB outside."""

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

from tests.model.played import Played

Given = dict[str, Any]
PLACES = {"unit": "FA", "inside": "UA", "outside": "FB"}
CELLS: dict[str, Callable[[Played, str], Given]] = {}
TODAY = date(2022, 6, 15)  # phase 1 has closed, phase 2 is open
_numbers = count(1)


def cell(prepare: Callable[[Played, str], Given]) -> Callable[[Played, str], Given]:
    """Register the function that prepares the input of this mutation."""
    CELLS[prepare.__name__] = prepare
    return prepare


def child(played: Played, unit: str, level: str = "GRASSROOTS") -> str:
    """Create a unit below another and return its code."""
    code = f"Z{next(_numbers)}"
    played.rows(
        "insert into unit (code, name, level, parent_id, valid_from, member_count)"
        f" select '{code}', 'x', '{level}', id, '2020-01-01', 5 from unit where code = '{unit}'"
        " returning id"
    )
    return code


def member(played: Played, unit: str) -> str:
    """Add a person of a unit and return the code."""
    code = f"Q{next(_numbers)}"
    played.rows(
        "insert into person (code, name, unit_id, sector)"
        f" select '{code}', 'x', id, 'PRODUCTION' from unit where code = '{unit}' returning id"
    )
    return code


def work(played: Played, unit: str, state: str = "DRAFT", author: str | None = None) -> str:
    """Create an initiative of a unit in a state and return its number."""
    handed_in = "null" if state == "DRAFT" else "2, now(), id"
    phase, at, awaits = (handed_in.split(", ") * 3)[:3]
    (number,) = played.rows(
        "insert into initiative (campaign_id, unit_id, title, summary, content, solution_type,"
        " sector, applied_on, claimed, state, drafted_by_id, created_at, phase_id, submitted_at,"
        f" awaits_id, recognised_at) select 1, id, 'x', 'x', 'x', 'TECHNICAL', 'PRODUCTION',"
        f" '2021-06-01', '{{}}', '{state}', 1, now(), {phase}, {at}, {awaits},"
        f" case '{state}' when 'RECOGNISED' then now() end"
        f" from unit where code = '{unit}' returning number"
    )[0]
    played.rows(
        "insert into authorship (initiative_id, person_id, share) select i.id, p.id, 100"
        f" from initiative i, person p where i.number = '{number}'"
        f" and p.code = '{author or member(played, unit)}' returning share"
    )
    return str(number)


def campaign(played: Played, owner: str) -> str:
    """Create a campaign with a closed phase, which no other test data uses, and return its code."""
    code = f"K{next(_numbers)}"
    played.rows(
        "insert into campaign (code, title, owner_id, counts_from, confirming_level, applied_from,"
        f" applied_to) select '{code}', 'x', id, 'RECOGNISED', 'FEDERATION', '2021-01-01',"
        f" '2022-12-31' from unit where code = '{owner}' returning id"
    )
    played.rows(
        "insert into phase (campaign_id, ordinal, title, opens_on, closes_on)"
        f" select id, 1, 'x', '2022-01-01', '2022-03-31' from campaign where code = '{code}'"
        " returning id"
    )
    return code


@cell
def draft_initiative(played: Played, unit: str, author: str | None = None) -> Given:
    authors = [author or member(played, unit)]
    return {"campaign": "C", "unit": unit, "authors": authors, "applied_on": date(2021, 6, 1)}


@cell
def edit_initiative(played: Played, unit: str, author: str | None = None) -> Given:
    return {"number": work(played, unit, author=author), "title": "Tên khác"}


@cell
def submit_initiative(played: Played, unit: str, author: str | None = None) -> Given:
    return {"number": work(played, unit, author=author)}


@cell
def withdraw_initiative(played: Played, unit: str, author: str | None = None) -> Given:
    return {"number": work(played, unit, author=author)}


@cell
def review_initiative(played: Played, unit: str) -> Given:
    return {"number": work(played, unit, "SUBMITTED"), "decision": "APPROVE", "unit": unit}


@cell
def review_initiatives(played: Played, unit: str) -> Given:
    return {"decisions": [review_initiative(played, unit)], "mode": "ALL"}


@cell
def score_initiative(played: Played, unit: str) -> Given:
    return {"number": work(played, unit, "SUBMITTED"), "scores": [{"criterion": "Hay", "score": 1}]}


@cell
def link_duplicate(played: Played, unit: str) -> Given:
    numbers = [work(played, unit, "SUBMITTED") for _ in range(2)]
    return {"number": numbers[0], "original": numbers[1], "reason": "x"}


@cell
def publish_initiative(played: Played, unit: str) -> Given:
    return {"number": work(played, unit, "RECOGNISED"), "published": True}


@cell
def grant_award(played: Played, unit: str) -> Given:
    number = f"{next(_numbers)}/QĐ"
    return {"issuer": unit, "unit": unit, "decision_number": number, "awarded_on": TODAY}


@cell
def create_campaign(played: Played, unit: str) -> Given:
    applied = (date(2021, 1, 1), date(2022, 12, 31))
    code = f"K{next(_numbers)}"
    return {"code": code, "owner": unit, "counts_from": "CONFIRMED", "applied": applied}


@cell
def update_campaign(played: Played, unit: str) -> Given:
    return {"code": campaign(played, unit), "title": "Tên khác"}


@cell
def add_phase(played: Played, unit: str) -> Given:
    days = {"opens_on": date(2022, 5, 1), "closes_on": date(2022, 8, 1)}
    return {"campaign": campaign(played, unit), **days}


@cell
def update_phase(played: Played, unit: str) -> Given:
    return {"campaign": campaign(played, unit), "phase": 1, "title": "Tên khác", "reason": "x"}


@cell
def freeze_phase(played: Played, unit: str) -> Given:
    return {"campaign": campaign(played, unit), "phase": 1}


@cell
def override_phase_window(played: Played, unit: str) -> Given:
    days = {"opens_on": date(2022, 1, 1), "closes_on": date(2022, 3, 1), "reason": "x"}
    return {"campaign": campaign(played, "R"), "phase": 1, "unit": unit, **days}


@cell
def add_drive(played: Played, unit: str) -> Given:
    days = {"opens_on": date(2022, 2, 1), "closes_on": date(2022, 3, 1), "reason": "x"}
    return {"campaign": campaign(played, "R"), "phase": 1, "unit": unit, **days}


@cell
def assign_targets(played: Played, unit: str) -> Given:
    targets = [(child(played, unit), 5, None)]
    return {"campaign": "C", "phase": 2, "parent": unit, "targets": targets}


@cell
def register_target(played: Played, unit: str) -> Given:
    return {"campaign": "C", "phase": 2, "unit": unit, "registered": next(_numbers)}


@cell
def distribute_target(played: Played, unit: str) -> Given:
    child(played, unit)
    return {"campaign": "C", "phase": 2, "parent": unit, "by": "EQUAL", "total": next(_numbers)}


@cell
def create_unit(played: Played, unit: str) -> Given:
    code = f"Z{next(_numbers)}"
    return {"code": code, "level": "GRASSROOTS", "parent": unit, "member_count": 1}


@cell
def update_unit(played: Played, unit: str) -> Given:
    return {"unit": unit, "member_count": next(_numbers)}


@cell
def move_unit(played: Played, unit: str) -> Given:
    """Move a unit to a parent beside or above its own, within the same federation."""
    elsewhere = child(played, unit, "UPPER") if unit != "UA" else "FA"
    return {"unit": child(played, unit), "parent": elsewhere, "reason": "x"}


@cell
def merge_units(played: Played, unit: str) -> Given:
    return {"units": [child(played, unit)], "into": child(played, unit), "reason": "x"}


@cell
def close_unit(played: Played, unit: str) -> Given:
    return {"unit": child(played, unit), "reason": "x"}


def account(played: Played, person: str | None = None) -> str:
    """Add an account and return its name."""
    name = f"account-{next(_numbers)}"
    of = f"(select id from person where code = '{person}')" if person else "null"
    played.rows(
        "insert into account (username, kind, person_id)"
        f" values ('{name}', 'PERSON', {of}) returning id"
    )
    return name


def grant(played: Played, username: str, role: str, unit: str) -> int:
    """Grant a role to an account and return the role grant's key."""
    rows = played.rows(
        "insert into role_grant (account_id, role, unit_id, valid_from)"
        f" select a.id, '{role}', u.id, '2020-01-01' from account a, unit u"
        f" where a.username = '{username}' and u.code = '{unit}' returning role_grant.id"
    )
    return int(rows[0][0])


@cell
def add_person(_: Played, unit: str) -> Given:
    return {"code": f"N{next(_numbers)}", "name": "x", "unit": unit, "sector": "PUBLIC"}


@cell
def update_person(played: Played, unit: str) -> Given:
    return {"person": member(played, unit), "name": "Tên khác"}


@cell
def move_person(played: Played, unit: str) -> Given:
    """Move a person to a unit below their own."""
    return {"person": member(played, unit), "unit": child(played, unit), "reason": "x"}


@cell
def create_account(played: Played, unit: str) -> Given:
    return {"person": member(played, unit), "username": f"new-{next(_numbers)}"}


@cell
def update_account(played: Played, unit: str) -> Given:
    return {"username": account(played, member(played, unit)), "disabled": True}


@cell
def invite_account(played: Played, unit: str) -> Given:
    return {"username": account(played, member(played, unit))}


@cell
def create_bloc(_: Played, __: str) -> Given:
    return {"code": f"B{next(_numbers)}", "name": "x"}


@cell
def update_bloc(played: Played, _: str) -> Given:
    code = f"B{next(_numbers)}"
    played.rows(f"insert into emulation_bloc (code, name) values ('{code}', 'x') returning id")
    return {"bloc": code, "name": "y"}


@cell
def grant_role(played: Played, unit: str) -> Given:
    return {"username": account(played), "role": "MEMBER", "unit": unit}


@cell
def create_access_token(_: Played, unit: str, **__: str) -> Given:
    return {"name": "x", "days": 1, "unit": unit}


@cell
def revoke_access_token(played: Played, unit: str, author: str | None = None) -> Given:
    """Revoke a token of the author's account, or else of another one, limited to the unit."""
    holder = f"p.code = '{author}'" if author else f"a.username = '{account(played)}'"
    rows = played.rows(
        "insert into access_token (account_id, name, token_hash, unit_id, expires_at)"
        f" select a.id, 'x', '{next(_numbers)}', u.id, now() + interval '1 day'"
        " from account a left join person p on p.id = a.person_id, unit u"
        f" where {holder} and u.code = '{unit}' returning id"
    )
    return {"access_token": rows[0][0]}


def service(played: Played, unit: str) -> str:
    """Register an application of a service account with a role at a unit; return its client id."""
    name = account(played)
    played.rows(f"update account set kind = 'SERVICE' where username = '{name}' returning id")
    grant(played, name, "SUPPORT", unit)
    played.rows(
        "insert into oauth_client (client_id, name, grant_types, scope, account_id)"
        f" select username, 'x', '{{client_credentials}}', 'sangkien.read', id from account"
        f" where username = '{name}' returning client_id"
    )
    return name


@cell
def revoke_client(played: Played, unit: str) -> Given:
    name = service(played, unit)
    rows = played.rows(f"select serial from oauth_client where client_id = '{name}'")
    return {"client": rows[0][0], "reason": "x"}


@cell
def revoke_authorization(played: Played, unit: str, author: str | None = None) -> Given:
    """Revoke an authorization of the author's account, or else of a service account at the unit."""
    name = service(played, unit)
    holder = f"p.code = '{author}'" if author else f"a.username = '{name}'"
    rows = played.rows(
        "insert into token_family (id, client_id, account_id, scope, amr, created_at, expires_at)"
        f" select gen_random_uuid(), '{name}', a.id, 'sangkien.read', '{{}}', now(),"
        " now() + interval '1 day' from account a left join person p on p.id = a.person_id"
        f" where {holder} returning serial"
    )
    return {"authorization": rows[0][0]}


@cell
def revoke_role(played: Played, unit: str) -> Given:
    return {"grant": grant(played, account(played), "MEMBER", unit), "reason": "x"}
