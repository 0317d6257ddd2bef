"""Documents sent to keep the server busy: under 20 kB each, of every kind we know.

Each takes a number that makes it another document, so that no cached one serves the next.
"""

import base64
import random
from collections.abc import Callable

from graphql import get_introspection_query

_FILTERS = (
    *("state: [SUBMITTED]", "sector: PUBLIC", "confidential: true", 'campaign: "x"', "phase: 1"),
    *('under: "x"', "benefitFrom: 1", "benefitTo: 2", 'appliedFrom: "2022-01-01"'),
    *('submittedTo: "2022-01-01"', "solutionType: [TECHNICAL]", 'author: "x"'),
)
_LEAVES = "code name level depth memberCount validFrom validTo id __typename"
_ORDERS = ("CREATED", "NUMBER", "SUBMITTED_AT", "APPLIED_ON", "BENEFIT")


def _each(count: int, text: Callable[[int], str]) -> str:
    return " ".join(map(text, range(count)))


def selections(n: int) -> dict[str, str]:
    """Return selections that are wide, deep, repeated, or of unknown fields."""
    unit = f'unit(code: "X{n}")'
    progress = 'progress(campaign: "1TRSK", phase: 1)'
    totals = _each(
        11,
        lambda k: (
            f'p{k}x{n}: unit(code: "TLD"){{{progress}{{achieved pace{{status}} tiers{{count tier{{label}}}}}}}}'
        ),
    )
    histories = _each(19, lambda k: f"h{k}x{n}: {progress}{{history(interval: DAY){{achieved}}}}")
    return {
        "wide and deep": f"{{{_each(8, lambda _: unit + '{' + 9 * ('parent{' + 9 * 'parent{code} ' + '}') + '}')}}}",
        "as deep as may be": f"{{{unit}" + "{parent" * 14 + "{code}" + "}" * 14 + "}",
        "nested without end": "{a" * 2_000 + "}" * 2_000 + f"#{n}",
        "repeated leaves": f"{{{unit}{{{('parent{' + _LEAVES + '} ') * 9}}}}}",
        "many objects": f"{{{unit}{{{_each(55, lambda k: f'a{k}_{n}: parent{{code name}}')}}}}}",
        "many aliases": f"{{{_each(20, lambda k: f'a{k}_{n}: {unit}{{{_LEAVES}}}')}}}",
        "many fields": f"{{viewer{{{'__typename ' * 680}}}}} #{n}",
        "unknown fields": f"{{{_each(250, lambda k: f'viewr{n}x{k}')}}}",
        "unknown fields with long names": f"{{{_each(250, lambda k: f'initiativ{n}x{k}' + 'e' * 50)}}}",
        "unknown fields deep": f"{{viewer{{{_each(100, lambda k: f'acount{n}x{k}{{a}}')}}}}}",
        "objects without fields": f"{{{_each(19, lambda k: f'a{n}x{k}: viewer')}}}",
        "leaves with fields": f"{{{unit}{{{_each(100, lambda k: f'code{{a{n}x{k}}}')}}}}}",
        "braces": "{" * 19_000 + str(n),
        "totals": f"{{{totals}}}",
        "histories": f'{{unit(code: "TLD"){{{histories}}}}}',
    }


def fragments(n: int) -> dict[str, str]:
    """Return fragments spread many times, in cycles, and dozens of directives."""
    chain = _each(18, lambda k: f"fragment F{k} on Viewer{{...F{k + 1} ...F{k + 1}}}")
    many = _each(
        29, lambda k: f"fragment F{k} on Viewer{{a{n}x{k}: __typename account{{username}}}}"
    )
    paired = _each(2, lambda k: f"fragment F{k} on Viewer{{{'account{username} ' * 15}}}")
    return {
        "doubling": f"{{a{n}: viewer{{...F0}}}} {chain} fragment F18 on Viewer{{__typename}}",
        "doubling into nothing": f"{{a{n}: viewer{{...F0}}}} {chain} fragment F18 on Viewer{{...G}}",
        "many": f"{{viewer{{{_each(29, lambda k: f'...F{k}')}}}}} {many}",
        "spread often": f"{{viewer{{{'...F ' * 40}}}}} fragment F on Viewer{{a{n}: __typename}}",
        "compared pairwise": f"{{a{n}: viewer{{...F0 ...F1}}}} {paired}",
        "circle": f"{{viewer{{...A}}}} fragment A on Viewer{{a{n}: __typename ...B}}"
        " fragment B on Viewer{...A}",
        "unused": f"{{viewer{{__typename}}}} {many}",
        "inline": f"{{viewer{{{'...{' * 39}a{n}: __typename{'}' * 39}}}}}",
        "directives": f"{{viewer{{{_each(24, lambda k: f'a{n}x{k}: __typename @skip(if: false) @include(if: true)')}}}}}",
        "directives by variables": "query("
        + _each(24, lambda k: f"$v{n}x{k}: Boolean = true")
        + f"){{viewer{{{_each(24, lambda k: f'a{k}: __typename @include(if: $v{n}x{k})')}}}}}",
        "thousands of directives": f"{{viewer{{__typename {'@skip(if: true)' * 1_200}}}}} #{n}",
        "unknown directives": f"{{viewer{{__typename {_each(49, lambda k: f'@skp{n}x{k}')}}}}}",
    }


def values(n: int) -> dict[str, str]:
    """Return literals, arguments and variables that are many, long, or wrong."""
    ids = _each(100, lambda k: f'"{n}x{k}"')
    variables = _each(29, lambda k: f'$v{n}x{k}: String = "a"')
    nodes = _each(20, lambda k: f"a{k}: node(id: $v) {{id}}")
    key = base64.b64encode(b"Unit:" + b"1" * 13_000).decode()
    return {
        "digits": f"{{unit(code: {'9' * 5_000}{n}){{code}}}}",
        "digits of a page": f"{{units(first: {'9' * 5_000}{n}){{totalCount}}}}",
        "exponent": f"{{units(first: 1e{n}99999){{totalCount}}}}",
        "block string": '{unit(code: """' + str(n) + "\n a" * 6_000 + '"""){code}}',
        "escapes": f'{{unit(code: "{n}' + "\\u0041" * 3_200 + '"){code}}',
        "comments": f"#{n}\n" + "#\n" * 9_000 + "{__typename}",
        "list of numbers": f"{{unit(code: [{f'{n} ' * 190}]){{code}}}}",
        "nested lists": f"{{unit(code: {'[' * 150}{n}{']' * 150}){{code}}}}",
        "ids": f"{{nodes(ids: [{ids}]){{id}}}}",
        "a long id": f'query($v: ID! = "{n}{key}"){{{nodes}}}',
        "unknown arguments": f"{{unit({_each(149, lambda k: f'cod{n}x{k}: 1')}){{code}}}}",
        "unknown parts": f"{{units(filter: {{{_each(149, lambda k: f'tex{n}x{k}: 1')}}}){{totalCount}}}}",
        "one argument often": f"{{unit({'code: 1 ' * 149}){{a{n}: code}}}}",
        "variables": f"query({variables}){{viewer{{__typename}}}}",
        "unknown variables": f"{{viewer{{{_each(90, lambda k: f'a{k}: __typename @skip(if: $v{n}x{k})')}}}}}",
        "unknown types": f"query({_each(29, lambda k: f'$v{k}: Strin{n}')}){{viewer{{__typename}}}}",
    }


def operations(n: int) -> dict[str, str]:
    """Return many operations, and mutations and subscriptions."""
    mutation = 'submitInitiative(input: {number: "x"}){__typename}'
    watched = 'progress(unit: "TLD", campaign: "1TRSK"){achieved}'
    return {
        "queries": _each(29, lambda k: f"query Q{n}x{k}{{__typename}}"),
        "operations of one name": f"query Q{n}{{__typename}} " * 29,
        "mutations": f"mutation{{{_each(20, lambda k: f'm{n}x{k}: {mutation}')}}}",
        "subscription": f"subscription{{a{n}: {watched}}}",
        "subscriptions": f"subscription{{{_each(20, lambda k: f's{n}x{k}: {watched}')}}}",
    }


def introspection(n: int) -> dict[str, str]:
    """Return introspection queries as tools send them, and worse ones."""
    types = _each(90, lambda k: f"x{n}x{k}: fields{{name description}}")
    nested = "fields{name type{" * 6 + f"a{n}: name" + "}}" * 6
    spread = (
        "fragment F on __Type{fields{...G}} fragment G on __Field{type{fields{name args{name}}}}"
    )
    one = _each(
        19, lambda k: f't{n}x{k}: __type(name: "Unit"){{fields{{name type{{fields{{name}}}}}}}}'
    )
    full = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    return {
        "standard": f"{full} #{n}",
        "standard twice": full.replace("__schema", f"a{n}: __schema", 1).replace(
            "types {", "b: types{...FullType} types {", 1
        ),
        "aliases": f"{{__schema{{types{{fields{{type{{{types}}}}}}}}}}}",
        "nested": f"{{__schema{{types{{{nested}}}}}}}",
        "fragments": f"{{__schema{{{_each(9, lambda k: f'a{n}x{k}: types{{...F}}')}}}}} {spread}",
        "one type often": f"{{{one}}}",
    }


def searches(n: int) -> dict[str, str]:
    """Return text searches, searches for duplicates, and distinct combinations of filters."""
    chance = random.Random(n)

    def filtered(k: int) -> str:
        wanted = ", ".join(chance.sample(_FILTERS, chance.randint(2, 4)))
        order = f"{{field: {chance.choice(_ORDERS)}, direction: ASC}}"
        return (
            f"a{k}: initiatives(first: 1, filter: {{{wanted}}}, orderBy: {order})"
            "{nodes{number} totalCount pageInfo{hasNextPage}}"
        )

    texts = _each(
        20, lambda k: f'a{k}: initiatives(first: 1, filter: {{text: "to {n}"}}){{totalCount}}'
    )
    short = _each(20, lambda k: f'a{n}x{k}: initiatives(filter: {{text: "a"}}){{totalCount}}')
    alike = _each(20, lambda k: f"a{n}x{k}: possibleDuplicates(first: 5){{similarity}}")
    counted = f"unit{{initiatives{{a{n}: totalCount}}}}"
    return {
        "texts": f"{{{texts}}}",
        "short texts": f"{{{short}}}",
        "filters": f"{{{_each(12, filtered)}}}",
        "look-alikes": f"{{initiatives(first: 100){{nodes{{{alike}}}}}}}",
        "counts in pages": f"{{initiatives(first: 100){{nodes{{{counted}}}}}}}",
    }


KINDS = (selections, fragments, values, operations, introspection, searches)


def documents(n: int) -> dict[str, str]:
    """Return all documents by name."""
    return {f"{kind.__name__}: {name}": text for kind in KINDS for name, text in kind(n).items()}
