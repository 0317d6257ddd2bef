-- The figures of the metrics for operators: counts of the backlog and the database's size, without
-- any row's data. Runs as owner, since no caller is bound; only the reader may execute it, and no
-- GraphQL field does.
--
--   queue      initiatives that await a unit, by its level; all levels together no more than 100,000
--   slots      rows that the totals of units are spread over in the upper levels
--   audit      events in the audit log
--   imports, import_rows, import_seconds    of the last 24 hours, by outcome; no more than 10,000
--   started    when PostgreSQL started, in seconds since 1970
create or replace function operating_figures()
returns table (figure text, label text, amount double precision)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select 'queue', level.name, count(w.awaits_id)::float
    from unnest(array['CONFEDERATION', 'FEDERATION', 'UPPER', 'GRASSROOTS']) as level (name)
    left join (
        select waiting.awaits_id, u.level
        from (select i.awaits_id from initiative i where i.awaits_id is not null limit 100000) waiting
        join unit u on u.id = waiting.awaits_id
    ) w on w.level = level.name
    group by level.name;

    return query
    select 'slots', u.level::text, count(*)::float
    from unit u join rollup r on r.unit_id = u.id
    where nlevel(u.path) <= 2 and u.level in ('CONFEDERATION', 'FEDERATION')
    group by u.level;

    return query select 'audit', '', coalesce(sum(sequence), 0)::float from audit_head;

    return query
    with recent as materialized (
        select kind, after from audit_event
        where action = 'import' and kind in ('NOTED', 'REFUSED') and at > now() - interval '1 day'
        order by at desc limit 10000
    ), outcome (name, kind) as (values ('done', 'NOTED'), ('refused', 'REFUSED'))
    select f.figure, o.name, f.amount
    from outcome o
    cross join lateral (
        select count(r.kind)::float as imports,
            coalesce(sum((r.after ->> 'rows')::float), 0) as import_rows,
            coalesce(sum((r.after ->> 'seconds')::float), 0) as import_seconds
        from recent r where r.kind = o.kind
    ) s
    cross join lateral (values
        ('imports', s.imports), ('import_rows', s.import_rows), ('import_seconds', s.import_seconds)
    ) as f (figure, amount);

    return query select 'started', '', extract(epoch from pg_postmaster_start_time())::float;
end
$$;

revoke execute on function operating_figures() from public;
grant execute on function operating_figures() to sangkien_reader;
