"""Run the files of db/sql within a migration."""

from pathlib import Path

from alembic import context, op
from sqlalchemy import text

SQL = Path(__file__).parent.parent / "sql"


def load(*names: str) -> None:
    """Run these files of db/sql, in this order."""
    for name in names:
        execute((SQL / f"{name}.sql").read_text("utf-8"))


def execute(sql: str) -> None:
    """Run SQL, with the names of the API's roles replaced by those of this database."""
    _run(context.config.attributes["roles"].named(sql))


def drop_everything() -> None:
    """Drop all that migrations created in the schema `public`, except extensions' objects."""
    statements = (
        op.get_bind()
        .scalars(
            text("""
        select format('drop view if exists %I cascade', viewname) from pg_views where schemaname = 'public'
        union all
        select format('drop table if exists %I cascade', tablename) from pg_tables
        where schemaname = 'public' and tablename <> 'alembic_version'
        union all
        select format('drop %s if exists %s cascade',
                      case prokind when 'a' then 'aggregate' else 'function' end, oid::regprocedure)
        from pg_proc
        where pronamespace = 'public'::regnamespace and not exists (
            select from pg_depend where objid = pg_proc.oid and deptype = 'e')
        union all
        select format('drop type if exists %I cascade', typname) from pg_type
        where typnamespace = 'public'::regnamespace and typname in ('initiative_fact', 'turnout')
        """),
        )
        .all()
    )
    for statement in statements:
        _run(statement)


def _run(sql: str) -> None:
    # Bypasses SQLAlchemy, which would read a % in the SQL as a placeholder.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(sql)
