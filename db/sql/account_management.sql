-- Management of accounts, permission ACCOUNT_MANAGE: an ADMIN creates, ties, invites, disables and
-- enables the accounts of the people in its subtree. Never its own account, and none that has a role
-- outside that subtree: an invitation is a way to sign in as the account.

-- Whether an account has a role, today or later, at a unit where the caller manages no accounts.
create or replace function account_elsewhere(of_account bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from role_grant g
        where g.account_id = of_account and lasts(g) and not holds('account_manage', g.unit_id)
    );
end;

-- Whether the caller manages the account of a person: one other than itself, in its subtree.
create or replace function person_account_manageable(of_person bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from person p
        where p.id = of_person and p.id is distinct from caller_person()
            and holds('account_manage', p.unit_id)
    );
end;

-- Whether the caller manages an account. One without a person is managed where all its roles are, and
-- one that has no role either at the root.
create or replace function account_manageable(of_account bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from account a
        where a.id = of_account and a.id <> caller() and a.kind <> 'PUBLIC'
            and not account_elsewhere(a.id)
            and case
                when a.person_id is not null then person_account_manageable(a.person_id)
                else holds_at_root('account_manage') or exists (
                    select from role_grant g where g.account_id = a.id and lasts(g))
            end
    );
end;

create policy added on account for insert to sangkien_writer
with check (kind = 'PERSON' and disabled_at is null and person_account_manageable(person_id));
create policy changed on account for update to sangkien_writer
using (account_manageable(id))
with check (account_manageable(id) and (person_id is null or person_account_manageable(person_id)));

-- Give accounts an invitation each; an earlier one of the account ends. Returns how many were given.
create or replace function accounts_invite(ids bigint[], hashes bytea[], hours int)
returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    given bigint;
begin
    insert into invitation as i (account_id, token_hash, expires_at, invited_by_id)
    select id, hash, now() + make_interval(hours => hours), caller()
    from unnest(ids, hashes) as wanted (id, hash) join account a using (id)
    where a.kind = 'PERSON' and a.disabled_at is null and account_manageable(id)
    on conflict (account_id) do update
        set token_hash = excluded.token_hash, expires_at = excluded.expires_at,
            invited_by_id = excluded.invited_by_id;
    get diagnostics given = row_count;
    return given;
end
$$;

-- When the open invitation of an account ends, for callers who manage the account; else null.
create or replace function account_invited_until(of_account bigint) returns timestamptz
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return (
        select i.expires_at from invitation i
        where i.account_id = of_account and i.expires_at > now() and account_manageable(of_account)
    );
end
$$;

-- A disabled account's sessions, tokens and invitation end for good.
create or replace function account_disabled() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from browser_session where account_id = new.id;
    delete from invitation where account_id = new.id;
    update token_family set revoked_at = now() where account_id = new.id and revoked_at is null;
    update access_token set revoked_at = now() where account_id = new.id and revoked_at is null;
    return null;
end
$$;

create or replace trigger account_disabled after update of disabled_at on account
for each row when (old.disabled_at is null and new.disabled_at is not null)
execute function account_disabled();

-- A role outside the subtree of the ADMIN who made an open invitation ends it: the link would be a way
-- to sign in with that role.
create or replace function account_granted() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from invitation i
    where i.account_id = new.account_id and i.invited_by_id is not null and not exists (
        select from role_grant g
        where g.account_id = i.invited_by_id and g.role = 'ADMIN' and lasts(g)
            and g.unit_id = any (line((select u.path from unit u where u.id = new.unit_id)))
    );
    return null;
end
$$;

create or replace trigger account_granted after insert on role_grant
for each row execute function account_granted();
