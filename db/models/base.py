"""The declarative base, column types and naming that all tables share."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import UserDefinedType


class LTree(UserDefinedType[str]):
    """PostgreSQL's `ltree`: a path of labels, here the ids of a unit's ancestors, root first."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in DDL."""
        return "ltree"


# Registered for reflection, which the comparison of models and migrations uses.
ischema_names["ltree"] = LTree


class Base(DeclarativeBase):
    """All models; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        },
    )
    type_annotation_map = {str: Text(), int: BigInteger(), datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute


def one_of(values: type[StrEnum], name: str) -> Enum:
    """Return a text column type that a CHECK limits to an enumeration's values."""
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def to(column: str, **options: Any) -> ForeignKey:
    """Return a foreign key; it restricts deletion unless the options say otherwise."""
    return ForeignKey(column, **options)


Serial = Annotated[int, mapped_column(BigInteger, Identity(), unique=True)]
"""The number for a row's global id, where its primary key is not a number."""
Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Version = Annotated[int, mapped_column(BigInteger, server_default="1")]
