"""Helpers that set targets and read them."""

from typing import Any

from tests.mutating import ERRORS, rows

TARGET = "target(campaign: $c, phase: $p) { assigned registered effective unallocated version }"
REJECTED = "... on TargetRejected { unitCode phase by }"
ASSIGN = f"""mutation ($input: AssignTargetsInput!, $c: String! = "1TRSK", $p: Int! = 2) {{
    assignTargets(input: $input) {{
        ... on AssignTargetsPayload {{ __typename parent {{ code {TARGET}
            children(first: 100) {{ nodes {{ code {TARGET} }} }} }} }}
        {REJECTED} {ERRORS} }} }}"""
REGISTER = f"""mutation ($input: RegisterTargetInput!, $c: String! = "1TRSK", $p: Int! = 2) {{
    registerTarget(input: $input) {{
        ... on RegisterTargetPayload {{ __typename registrant: unit {{ {TARGET} }} }}
        {REJECTED} {ERRORS} }} }}"""
HELD = """select u.code, t.assigned, t.registered, t.version from target t
    join unit u on u.id = t.unit_id where t.phase_id = %s and u.code = any (%s) order by u.code"""
REVISED = """select u.code, r.kind, r.value, r.previous, r.reason, a.username
    from target_revision r join unit u on u.id = r.unit_id join account a on a.id = r.account_id
    where r.phase_id = %s and r.id > %s order by u.code"""
FREE = """delete from target t using unit u where u.id = t.unit_id and u.code = any (%s)"""
CHILDREN = """select c.code from unit c join unit p on p.id = c.parent_id
    where p.code = %s order by 1"""
LAST = "select coalesce(max(id), 0) from target_revision"


def held(url: str, codes: list[str], phase: int = 2) -> dict[str, tuple[Any, Any, int]]:
    return {
        row["code"]: (row["assigned"], row["registered"], row["version"])
        for row in rows(url, HELD, phase, codes)
    }


def given(codes: list[str], *numbers: int | None, phase: int = 2, **more: Any) -> dict[str, Any]:
    targets = [{"unit": code, "assigned": n} for code, n in zip(codes, numbers, strict=False)]
    return {"campaign": "1TRSK", "phase": phase, "parent": "VTC", "targets": targets, **more}
