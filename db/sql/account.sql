-- The version of an account's rights: it rises with its role grants, its state and its units'
-- paths. Caches of scopes store the version with them; check_grants rejects an old one.

create or replace function account_grants_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- `any`, so that the plan uses the key even if it was made while there were few accounts.
    update account set grants_version = grants_version + 1
    where id = any (array[(new).account_id, (old).account_id]);
    return null;
end
$$;

create or replace trigger account_grants_changed after insert or update or delete on role_grant
for each row execute function account_grants_changed();

create or replace function account_changed() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    new.grants_version := old.grants_version + 1;
    return new;
end
$$;

create or replace trigger account_changed
before update of disabled_at, person_id, kind, username on account
for each row execute function account_changed();

-- Grants, revocations and merges take this lock, so that checks of an account's role grants, or of
-- those at a unit, stay true until the commit.
create or replace function lock_grants() returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtext('sangkien.grants'));
end
$$;

-- Raise the version of every account with a role in a moved subtree. Other accounts' scopes have
-- paths that do not change: the public account's is the root, which does not move.
create or replace function account_paths_changed(top ltree) returns void
language sql set search_path = public, pg_temp as $$
    update account set grants_version = grants_version + 1
    where id in (
        select g.account_id from role_grant g join unit u on u.id = g.unit_id
        where u.path <@ top and g.revoked_at is null
    )
$$;

-- All accounts see the root, also the public one and those without a role.
create or replace function account_root_planted() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update account set grants_version = grants_version + 1;
    return null;
end
$$;

create or replace trigger account_root_planted after insert on unit
for each row when (new.parent_id is null) execute function account_root_planted();

-- All facts of a principal in one row; a null name means the public account.
create or replace function account_profile(name text)
returns table (id bigint, username text, person_id bigint, version bigint, disabled boolean,
               root_path text, grants json, kind text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.username, a.person_id, a.grants_version, a.disabled_at is not null,
        (select u.path::text from unit u where u.parent_id is null),
        (select coalesce(json_agg(json_build_object(
            'role', g.role, 'path', u.path::text, 'from', g.valid_from, 'to', g.valid_to
         ) order by g.id), '[]')
         from role_grant g join unit u on u.id = g.unit_id
         where g.account_id = a.id and g.revoked_at is null),
        a.kind
    from account a
    where case when name is null then a.kind = 'PUBLIC'
               else a.kind <> 'PUBLIC' and a.username = name end;
end;

-- Reject a caller whose scopes were computed from another version of its role grants. Every read
-- calls this, so it has no search path of its own, which would cost more than all the rest.
create or replace function check_grants(account_id bigint, version bigint) returns void
language plpgsql stable security definer as $$
begin
    if not exists (select from public.account where id = account_id and grants_version = version) then
        raise exception 'grants changed' using errcode = 'SK001';
    end if;
end
$$;
