"""Random inputs for mutations, sensible or not."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from tests.model.parts import (
    WHY,
    Given,
    a_campaign,
    a_day,
    a_day_applied,
    a_phase,
    a_reason,
    a_unit,
    a_version,
    a_work,
    some_authors,
    some_scores,
)
from tests.model.programme import Programme
from tests.model.world import LEVELS

DRAWN: dict[str, Callable[[Programme, Random], Given]] = {}
ROLES = ("MEMBER", "SUPPORT", "OFFICER", "COUNCIL", "ADMIN", "AUDITOR")


def drawn(draw: Callable[[Programme, Random], Given]) -> Callable[[Programme, Random], Given]:
    """Register the function that draws inputs of this mutation."""
    DRAWN[draw.__name__] = draw
    return draw


@drawn
def draft_initiative(p: Programme, luck: Random) -> Given:
    unit = luck.choice([*p.members().values(), *p.members().values(), a_unit(p, luck)])
    return {
        "campaign": luck.choice([a_campaign(p, luck), "C", "C"]),
        "unit": unit,
        "authors": some_authors(p, luck, unit),
        "applied_on": a_day_applied(p, luck),
        "confidential": luck.random() < 0.2,
    }


@drawn
def edit_initiative(p: Programme, luck: Random) -> Given:
    work = a_work(p, luck)
    unit = p.works[work["number"]].unit if p.works else "GA1"
    some = {
        "applied_on": a_day_applied(p, luck),
        "authors": some_authors(p, luck, unit),
        "confidential": luck.random() < 0.5,
        "leave": luck.random() < 0.3,
    }
    return work | {name: some[name] for name in some if luck.random() < 0.5}


@drawn
def submit_initiative(p: Programme, luck: Random) -> Given:
    return a_work(p, luck) | {"reason": a_reason(luck)}


@drawn
def withdraw_initiative(p: Programme, luck: Random) -> Given:
    return a_work(p, luck) | {"reason": a_reason(luck)}


@drawn
def review_initiative(p: Programme, luck: Random) -> Given:
    named = {"unit": a_unit(p, luck)} if luck.random() < 0.3 else {}
    decision = luck.choice(["APPROVE", "APPROVE", "APPROVE", "RETURN", "REJECT", "REVOKE"])
    scored = {"scores": some_scores(luck)} if luck.random() < 0.3 else {}
    return a_work(p, luck) | named | scored | {"decision": decision, "reason": a_reason(luck)}


@drawn
def score_initiative(p: Programme, luck: Random) -> Given:
    return a_work(p, luck) | {"scores": some_scores(luck)}


@drawn
def review_initiatives(p: Programme, luck: Random) -> Given:
    numbers = luck.sample(sorted(p.works), min(len(p.works), luck.choice([1, 2, 3]))) or ["X"]
    decisions = [review_initiative(p, luck) | {"number": number} for number in numbers]
    for decision in decisions:
        decision["version"] = None
    return {"decisions": decisions, "mode": luck.choice(["ALL", "EACH"])}


@drawn
def link_duplicate(p: Programme, luck: Random) -> Given:
    return a_work(p, luck) | {"original": a_work(p, luck)["number"], "reason": WHY}


@drawn
def publish_initiative(p: Programme, luck: Random) -> Given:
    return a_work(p, luck) | {"published": luck.random() < 0.8}


@drawn
def grant_award(p: Programme, luck: Random) -> Given:
    unit, person = a_unit(p, luck), luck.choice([*p.members(), "X"])
    to: Given = luck.choice(
        [{"unit": unit}, {"person": person}, {"unit": unit}, {}, {"unit": unit, "person": person}]
    )
    number = luck.choice(["1/QĐ", "2/QĐ"])
    return to | {"issuer": a_unit(p, luck), "decision_number": number, "awarded_on": a_day(p, luck)}


@drawn
def create_campaign(p: Programme, luck: Random) -> Given:
    last = luck.choice([date(2022, 12, 31), date(2022, 12, 31), date(2020, 1, 1)])
    return {
        "code": luck.choice(["C", "D", "E", "G"]),
        "owner": a_unit(p, luck),
        "counts_from": luck.choice(["RECOGNISED", "CONFIRMED"]),
        "applied": (date(2021, 1, 1), last),
    }


@drawn
def update_campaign(p: Programme, luck: Random) -> Given:
    code = a_campaign(p, luck)
    version = p.campaigns[code].version if code in p.campaigns else 1
    some = {
        "counts_from": luck.choice(["RECOGNISED", "CONFIRMED"]),
        "confirming_level": luck.choice([*LEVELS, "FEDERATION"]),
        "applied_to": luck.choice([date(2022, 12, 31), date(2022, 6, 30), date(2020, 1, 1)]),
        "rubric_required": luck.random() < 0.3,
    }
    said = {name: some[name] for name in some if luck.random() < 0.4}
    return said | {"code": code, "version": a_version(luck, version), "reason": a_reason(luck)}


def _span(p: Programme, luck: Random) -> Given:
    first = a_day(p, luck)
    return {"opens_on": first, "closes_on": first + timedelta(days=luck.randint(-5, 120))}


@drawn
def add_phase(p: Programme, luck: Random) -> Given:
    late = {"opens_on": date(2023, 1, 1), "closes_on": date(2023, 3, 31)}
    span = luck.choice([_span(p, luck), late])
    return {"campaign": a_campaign(p, luck), "ordinal": luck.choice([1, 2, 3, 4])} | span


@drawn
def update_phase(p: Programme, luck: Random) -> Given:
    phase = a_phase(p, luck)
    held = p.campaigns[phase["campaign"]].phases if phase["campaign"] in p.campaigns else {}
    version = held[phase["phase"]].version if phase["phase"] in held else 1
    span = _span(p, luck)
    said = {name: span[name] for name in span if luck.random() < 0.3}
    return phase | said | {"version": a_version(luck, version), "reason": a_reason(luck)}


@drawn
def override_phase_window(p: Programme, luck: Random) -> Given:
    phase = a_phase(p, luck)
    known = [
        (campaign, ordinal, unit)
        for campaign, one in p.campaigns.items()
        for ordinal, held in one.phases.items()
        for unit in held.overrides
    ]
    unit = a_unit(p, luck)
    if known and luck.random() < 0.5:
        phase["campaign"], phase["phase"], unit = luck.choice(known)
    days = luck.choice(
        [
            {},
            {"opens_on": p.today},
            _span(p, luck),
            {"opens_on": date(2022, 1, 15), "closes_on": date(2022, 3, luck.randint(1, 31))},
            {"opens_on": date(2022, 4, 2), "closes_on": date(2022, 12, luck.randint(1, 31))},
        ]
    )
    return (
        phase
        | days
        | {"unit": unit, "version": a_version(luck, 1 if known else 0), "reason": a_reason(luck)}
    )


@drawn
def add_drive(p: Programme, luck: Random) -> Given:
    return a_phase(p, luck) | _span(p, luck) | {"unit": a_unit(p, luck), "reason": a_reason(luck)}


@drawn
def freeze_phase(p: Programme, luck: Random) -> Given:
    phase = a_phase(p, luck) if luck.random() < 0.4 else {"campaign": "C", "phase": 1}
    return phase | {"version": luck.choice([None, None, None, 1, 2])}


def _number(luck: Random) -> int | None:
    return luck.choice([None, 0, 5, 17, 100])


@drawn
def assign_targets(p: Programme, luck: Random) -> Given:
    phase, parent = a_phase(p, luck), a_unit(p, luck)
    children = p.children(parent) or sorted(p.units)
    some = luck.sample(children, min(len(children), luck.choice([1, 2, 3])))
    if luck.random() < 0.1:
        some = [*{*some, a_unit(p, luck)}]
    targets = [(unit, _number(luck), luck.choice([None, None, None, 1])) for unit in some]
    return phase | {"parent": parent, "targets": targets, "reason": a_reason(luck)}


@drawn
def register_target(p: Programme, luck: Random) -> Given:
    given = {"unit": a_unit(p, luck), "registered": _number(luck), "reason": a_reason(luck)}
    return a_phase(p, luck) | given | {"version": luck.choice([None, None, None, 0, 1])}


@drawn
def distribute_target(p: Programme, luck: Random) -> Given:
    return a_phase(p, luck) | {
        "parent": a_unit(p, luck),
        "by": luck.choice(["EQUAL", "MEMBERS", "LAST_PHASE"]),
        "total": luck.choice([None, 0, 100, 1_000_003]),
        "preview": luck.random() < 0.2,
        "reason": a_reason(luck),
    }


@drawn
def create_unit(p: Programme, luck: Random) -> Given:
    code = luck.choice([f"N{len(p.units)}", f"N{len(p.units)}", a_unit(p, luck)])
    return {
        "code": code,
        "level": luck.choice([*LEVELS, "GRASSROOTS", "UPPER"]),
        "parent": a_unit(p, luck),
        "member_count": luck.randint(0, 50),
        "valid_from": luck.choice([None, a_day(p, luck)]),
    }


@drawn
def update_unit(p: Programme, luck: Random) -> Given:
    unit = a_unit(p, luck)
    version = p.units[unit].version if unit in p.units else 1
    return {"unit": unit, "member_count": luck.randint(9, 12), "version": a_version(luck, version)}


@drawn
def move_unit(p: Programme, luck: Random) -> Given:
    unit = a_unit(p, luck)
    version = p.units[unit].version if unit in p.units else 1
    return {
        "unit": unit,
        "parent": a_unit(p, luck),
        "reason": WHY,
        "version": a_version(luck, version),
    }


@drawn
def merge_units(p: Programme, luck: Random) -> Given:
    units = luck.sample(sorted(p.units), luck.choice([1, 1, 1, 2]))
    same = [code for code, one in p.units.items() if one.level == p.units[units[0]].level]
    into = luck.choice(same) if luck.random() < 0.8 else a_unit(p, luck)
    return {"units": units, "into": into, "reason": WHY}


@drawn
def close_unit(p: Programme, luck: Random) -> Given:
    unit = a_unit(p, luck)
    version = p.units[unit].version if unit in p.units else 1
    on = luck.choice([None, None, a_day(p, luck), date(2019, 1, 1)])
    return {"unit": unit, "reason": WHY, "on": on, "version": a_version(luck, version)}


@drawn
def move_person(p: Programme, luck: Random) -> Given:
    person = luck.choice([*p.members(), *p.members(), *p.home, "X"])
    version = a_version(luck, p.person_version[person])
    return {"person": person, "unit": a_unit(p, luck), "reason": WHY, "version": version}


@drawn
def grant_role(p: Programme, luck: Random) -> Given:
    first = luck.choice([None, None, a_day(p, luck)])
    last = luck.choice([None, None, a_day(p, luck)])
    role = luck.choice([*ROLES[:-1], *ROLES[:-1], "AUDITOR"])
    username = luck.choice([*p.person, "nobody", "stranger"])
    said = {"username": username, "role": role, "unit": a_unit(p, luck)}
    return said | {"valid_from": first, "valid_to": last}


@drawn
def revoke_role(p: Programme, luck: Random) -> Given:
    return {"index": luck.randrange(len(p.grants)), "reason": WHY}
