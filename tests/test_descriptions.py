"""Requirements for the descriptions of the GraphQL schema, which frontend teams read."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from graphql import is_enum_type, is_introspection_type, is_specified_scalar_type

from db.rules.described import DescribedEnum
from schema.build import SCHEMA
from schema.compiler.commands import COMMAND

# The words that LANGUAGE.md replaces, where no plain sentence needs them.
FORBIDDEN = (
    *("anew", "asker", "deed", "pledge", "stranger", "told", "turnout", "unsaid", "veiled"),
    *("whoever", "whosoever", "whatsoever", "for ever", "none of them all", "what was asked"),
    *("who is whose", "as it was last seen", "give or take", "holds no longer", "be meant"),
)
_FORBIDDEN = re.compile(rf"\b({'|'.join(FORBIDDEN)})\b", re.IGNORECASE)


class Described(NamedTuple):
    """A part of the schema: its path, such as `Unit.progress(campaign:)`, its name and text."""

    path: str
    name: str
    description: str | None


def parts() -> Iterator[Described]:
    """Yield every type, field, argument, input field, enum and enum value of the schema."""
    for type_ in SCHEMA._schema.type_map.values():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        yield Described(type_.name, type_.name, type_.description)
        members: dict[str, Any] = (
            type_.values if is_enum_type(type_) else getattr(type_, "fields", {})
        )
        for name, member in members.items():
            yield Described(f"{type_.name}.{name}", name, member.description)
            for argument, given in getattr(member, "args", {}).items():
                yield Described(f"{type_.name}.{name}({argument}:)", argument, given.description)


PARTS = list(parts())


def words(text: str) -> list[str]:
    """Return the words of a name or of a sentence, in lower case and without articles."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [w for w in re.findall(r"[^\W_]+", spaced.lower()) if w not in {"a", "an", "the"}]


def test_every_part_of_the_schema_has_a_description():
    assert len(PARTS) > 1_000
    assert [part.path for part in PARTS if not (part.description or "").strip()] == []


def test_no_description_only_repeats_the_name_of_what_it_describes():
    assert [part.path for part in PARTS if words(part.description or "-") == words(part.name)] == []


def test_every_description_begins_and_ends_as_a_sentence_does():
    sentence = re.compile(r"[`\d\w].*\.", re.DOTALL)
    assert [part.path for part in PARTS if not sentence.fullmatch(part.description or "")] == []


def test_no_description_has_words_that_the_project_does_not_use():
    assert [
        (part.path, found[0])
        for part in PARTS
        if (found := _FORBIDDEN.search(part.description or ""))
    ] == []


def test_an_enum_value_without_a_description_cannot_be_defined():
    with pytest.raises(TypeError, match="description"):

        class Unfinished(DescribedEnum):
            VALUE = "VALUE"


def test_each_mutation_names_its_permissions_and_its_errors():
    mutations: Any = SCHEMA._schema.mutation_type
    for name, field in mutations.fields.items():
        errors = [member.name for member in field.type.of_type.types[1:]]
        permissions = field.extensions["strawberry-definition"].metadata[COMMAND].permissions
        for expected in (*errors, *permissions):
            assert expected in field.description, name
