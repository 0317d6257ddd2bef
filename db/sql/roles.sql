-- What a database needs before its migration: the roles that the API connects as, and rights.
-- `sangkien migrate` runs these statements, a paragraph each, where its own role may; otherwise a
-- database administrator runs the output of `sangkien roles`. A second run changes nothing.
--
-- Neither role owns anything or bypasses row-level security. The reader cannot write: it has no
-- right to, and its transactions are read-only. Names are replaced by those of the settings:
-- db/roles.py.
do $$
begin
    if to_regrole('sangkien_reader') is null then
        create role sangkien_reader login noinherit;
    end if;
exception when duplicate_object or unique_violation then
    null; -- another database of this server created it at the same moment
end
$$;

do $$
begin
    if to_regrole('sangkien_writer') is null then
        create role sangkien_writer login noinherit;
    end if;
exception when duplicate_object or unique_violation then
    null;
end
$$;

-- A compiled read is one large statement of cheap parts: compiling it to machine code costs
-- more than running it.
do $$
begin
    if not exists (
        select from pg_db_role_setting
        where setdatabase = 0 and setrole = to_regrole('sangkien_reader')
            and setconfig @> '{default_transaction_read_only=on,statement_timeout=10s,jit=off}'
    ) then
        alter role sangkien_reader set default_transaction_read_only = on;
        alter role sangkien_reader set statement_timeout = '10s';
        alter role sangkien_reader set jit = off;
    end if;
exception when internal_error then
    null; -- "tuple concurrently updated": another database of this server is setting the same
end
$$;

do $$
begin
    if not exists (
        select from pg_db_role_setting
        where setdatabase = 0 and setrole = to_regrole('sangkien_writer')
            and setconfig @> '{statement_timeout=30s,jit=off}'
    ) then
        alter role sangkien_writer set statement_timeout = '30s';
        alter role sangkien_writer set jit = off;
    end if;
exception when internal_error then
    null;
end
$$;

-- Roles of other databases on this server can neither connect to this one nor see its objects.
grant connect on database sangkien_database to sangkien_owner, sangkien_reader, sangkien_writer;

revoke connect on database sangkien_database from public;

revoke all on schema public from public;

grant usage on schema public to sangkien_reader, sangkien_writer;

-- The owner of a database has these rights already; another owner role gets them here.
do $$
begin
    if not has_schema_privilege(to_regrole('sangkien_owner')::oid, 'public', 'create')
        or not has_schema_privilege(to_regrole('sangkien_owner')::oid, 'public', 'usage')
    then
        grant usage, create on schema public to sangkien_owner;
    end if;
end
$$;

create extension if not exists ltree schema public;

create extension if not exists pg_trgm schema public;

create extension if not exists btree_gist schema public;
