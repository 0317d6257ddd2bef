-- Management of accounts, permission ACCOUNT_MANAGE: an ADMIN creates, ties, invites, disables and
-- enables the accounts of the people in its subtree. Never its own account, nor one with a role
-- outside that subtree: an invitation is a way to sign in as the account.

-- Whether an account has a role, now or later, at a unit where the caller does not manage accounts.
create or replace function account_elsewhere(of_account bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from role_grant g
        where g.account_id = of_account and lasts(g) and not holds('account_manage', g.unit_id)
    );
end;

-- Whether the caller manages the account of a person: not its own, and in its subtree.
create or replace function person_account_manageable(of_person bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from person p
        where p.id = of_person and p.id is distinct from caller_person()
            and holds('account_manage', p.unit_id)
    );
end;

-- Whether the caller manages an account. One without a person is managed where all its roles are,
-- and at the root if it has no role either.
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

-- Create an invitation for each account; an earlier one ends. Returns the number of invitations.
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

-- Whether an invitation is still valid: an ADMIN's only while that ADMIN manages the account. The
-- link is a way to sign in as the account, also with roles granted since.
create or replace function invitation_holds(of_account bigint, by_account bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select by_account is null or not exists (
        select from (
            select g.unit_id from role_grant g where g.account_id = of_account and lasts(g)
            union all
            select p.unit_id from account a join person p on p.id = a.person_id
            where a.id = of_account
        ) reached
        where not exists (
            select from role_grant m join account by on by.id = m.account_id
            where m.account_id = by_account and m.role = 'ADMIN' and holds_today(m)
                and by.disabled_at is null
                and m.unit_id = any (line((select path from unit where id = reached.unit_id)))
        )
    );
end;

-- The expiry of an account's open invitation, for callers who see the role grants at its person's
-- unit; else null.
create or replace function account_invited_until(of_account bigint) returns timestamptz
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return (
        select i.expires_at from invitation i
        join account a on a.id = i.account_id
        join person p on p.id = a.person_id
        where i.account_id = of_account and i.expires_at > now()
            and p.path <@ any (scope('grant_read'))
            and invitation_holds(i.account_id, i.invited_by_id)
    );
end
$$;

-- Disabling an account ends its sessions, tokens and invitation for good.
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

revoke execute on function accounts_invite(bigint[], bytea[], int) from public;
grant execute on function accounts_invite(bigint[], bytea[], int) to sangkien_writer;
