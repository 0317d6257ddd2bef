-- The two roles that the API connects as; neither owns anything nor passes row-level security.
-- The reader cannot write: it has no right to, and its transactions are read-only.
do $$
begin
    if not exists (select from pg_roles where rolname = 'sangkien_reader') then
        create role sangkien_reader login noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'sangkien_writer') then
        create role sangkien_writer login noinherit;
    end if;
exception when duplicate_object or unique_violation then
    null; -- another database of this server made them at the same moment
end
$$;

-- A compiled read is one large statement of cheap parts: compiling it to machine code costs
-- more than running it.
do $$
begin
    alter role sangkien_reader set default_transaction_read_only = on;
    alter role sangkien_reader set statement_timeout = '10s';
    alter role sangkien_reader set jit = off;
    alter role sangkien_writer set jit = off;
    alter role sangkien_writer set statement_timeout = '30s';
exception when internal_error then
    null; -- "tuple concurrently updated": another database of this server sets the same just now
end
$$;
