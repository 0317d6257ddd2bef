"""Strip tables for a bulk load: no user triggers, no foreign keys, no secondary indexes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from psycopg import Connection, sql
from psycopg.rows import TupleRow

_FOREIGN_KEYS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    from pg_constraint where contype = 'f' and conrelid = any (%s::regclass[])
    order by conrelid::regclass::text, conname
"""
# Unique indexes stay: they are cheap to fill in order.
_INDEXES = """
    select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    from pg_index i
    where i.indrelid = any (%s::regclass[]) and not i.indisunique
    order by 1
"""


@contextmanager
def bare(
    connection: Connection[TupleRow],
    tables: Sequence[str],
    progress: Callable[[str, int, int], None],
) -> Iterator[None]:
    """Strip tables while the block runs, then restore and check everything.

    The caller must write what the triggers would have written. Run it as the owner, in a
    transaction: if the block fails, the tables are restored by its rollback. `progress` is called
    with "indexes", done and total.

    Raises:
        psycopg.errors.ForeignKeyViolation: when a loaded row has a dangling reference.
    """
    listed = [list(tables)]
    keys = connection.execute(_FOREIGN_KEYS, listed).fetchall()
    indexes = connection.execute(_INDEXES, listed).fetchall()
    for table in tables:
        _alter(connection, table, "disable trigger user")
    for table, name, _ in keys:
        _alter(connection, table, f"drop constraint {name}")
    for name, _ in indexes:
        connection.execute(sql.SQL("drop index {}").format(sql.Identifier(name)))
    yield
    total = len(indexes) + len(keys)
    for done, (_, definition) in enumerate(indexes):
        progress("indexes", done, total)
        connection.execute(definition)
    for done, (table, name, definition) in enumerate(keys, len(indexes)):
        progress("indexes", done, total)
        _alter(connection, table, f"add constraint {name} {definition}")
    for table in tables:
        _alter(connection, table, "enable trigger user")
    progress("indexes", total, total)


def _alter(connection: Connection[TupleRow], table: str, action: str) -> None:
    # Actions come from the catalogue, not from outside.
    connection.execute(sql.SQL("alter table {} {}").format(sql.Identifier(table), sql.SQL(action)))
