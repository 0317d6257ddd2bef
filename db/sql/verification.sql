-- Verification through the API, for auditors (queries/verification.py): a recount of the stored
-- totals of the units in the caller's scope of VERIFY, and, for the whole tree, a check of the
-- audit log's chains. The functions run as owner, one at a time, within the reader's time limit;
-- without the permission they return no row. `sangkien verify` compares the same views, and more of
-- them.

create or replace function verification_turn() returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    if not pg_try_advisory_xact_lock(hashtext('sangkien.verification')) then
        raise exception 'another verification is running' using errcode = 'SK002';
    end if;
end
$$;

-- The result of one view of verify.sql, for the units in scope: the numbers of cells and of
-- differing cells, and for each row with such cells a list of them, with unit, campaign, phase,
-- counter and the two values.
create or replace function verification_of(checked text)
returns table (cells bigint, differing bigint, differences jsonb)
language plpgsql stable set search_path = public, pg_temp as $$
declare
    columns bigint;
    wrong text;
    pairs text;
begin
    select count(*),
        string_agg(format('(v.%1$I is distinct from v.%2$I)::int', kept, counted), ' + '),
        string_agg(format('(%L, v.%I::text, v.%I::text)', name, kept, counted), ', ' order by name)
    into columns, wrong, pairs
    from pg_attribute
    cross join lateral (select substr(attname, 8)) as stored (name)
    cross join lateral (select 'stored_' || name, 'expected_' || name) as pair (kept, counted)
    where attrelid = checked::regclass and attname like 'stored\_%';
    return query execute format(
        'select count(*) * %s, coalesce(sum(w.wrong), 0)::bigint, coalesce(jsonb_agg(('
        '     select jsonb_agg(jsonb_build_object(''unit_id'', u.id, ''campaign'', v.campaign,'
        '         ''phase'', v.ordinal, ''detail'', v.detail, ''counter'', c.counter,'
        '         ''kept'', c.kept, ''counted'', c.counted))'
        '     from (values %s) as c (counter, kept, counted) where c.kept is distinct from c.counted'
        ' ) order by u.id, v.campaign, v.ordinal, v.detail) filter (where w.wrong > 0), ''[]'')'
        ' from %I v join unit u on u.code = v.subject cross join lateral (select %s) as w (wrong)'
        ' where u.path <@ any ($1)',
        columns, pairs, checked, wrong
    ) using scope('verify');
end
$$;

create or replace function verification_totals()
returns table (cells bigint, differing bigint, differences jsonb)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if cardinality(scope('verify')) = 0 then
        return;
    end if;
    perform verification_turn();
    return query
    with compared as materialized (
        select v.* from unnest(
            '{verify_rollup,verify_rollup_tier,verify_rollup_day,verify_unit}'::text[]
        ) as checked (name), verification_of(checked.name) v
    )
    select total(c.cells), total(c.differing), (
        select coalesce(jsonb_agg(few.cell), '[]') from (
            select cell from compared, jsonb_array_elements(compared.differences) as of_row (list),
                jsonb_array_elements(of_row.list) as cell
            limit 100
        ) as few
    )
    from compared c;
end
$$;

create or replace function verification_audit()
returns table (events bigint, chains bigint, faulty bigint, faults jsonb)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not sees_all('verify') then
        return;
    end if;
    perform verification_turn();
    return query
    with fault as materialized (select * from verify_audit)
    select count(*), count(distinct shard), (select count(*) from fault), (
        select coalesce(jsonb_agg(to_jsonb(f)), '[]') from (
            select * from fault order by shard, sequence, event_id limit 100
        ) as f
    )
    from audit_event;
end
$$;

revoke execute on function verification_of(text), verification_turn() from public;
