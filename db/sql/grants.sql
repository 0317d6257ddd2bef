-- What the API's roles may touch at all; which rows of it, policies.sql says.
grant usage on schema public to sangkien_reader, sangkien_writer;
revoke create on schema public from public;

do $$
declare
    name text;
begin
    for name in select tablename from pg_tables
        where schemaname = 'public' and tablename <> 'alembic_version'
    loop
        execute format('alter table %I enable row level security', name);
        if name not in ('account', 'signing_key', 'participation') then
            execute format('grant select on %I to sangkien_reader, sangkien_writer', name);
        end if;
    end loop;
end
$$;

grant select on alembic_version to sangkien_reader, sangkien_writer;
-- Password hashes and private keys are not for reading.
grant select (id, username, kind, person_id, disabled_at, created_at)
    on account to sangkien_reader, sangkien_writer;
grant select (kid, public_jwk, created_at, retired_at) on signing_key to sangkien_reader;
grant select on signing_key to sangkien_writer;

-- Functions that change totals or read as owner without asking for a scope are not for calling.
revoke execute on function
    rollup_rebuild(bigint), rollup_shift(bigint, bigint[], int), line_rewrite(ltree),
    account_paths_changed(ltree)
from public;
