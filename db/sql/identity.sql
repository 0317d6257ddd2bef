-- The functions of the issuer for data outside its own tables. A transaction of the issuer has a
-- setting (db/issuing.py); in all others no data of identity is visible.

create or replace function issuing() returns boolean
language sql stable parallel safe
return coalesce(current_setting('sangkien.issuing', true), '') = 'on';

-- The data of an account for a sign-in, by its id or its name, with the roles of a day.
create or replace function identity_account(of_id bigint, of_name text, on_day date)
returns table (id bigint, username text, kind text, name text, password_hash text,
               disabled boolean, has_totp boolean, roles text[])
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.username, a.kind, p.name, a.password_hash, a.disabled_at is not null,
        exists (select from totp_secret t where t.account_id = a.id and t.confirmed_at is not null),
        array(select distinct g.role::text from role_grant g
              where g.account_id = a.id and g.revoked_at is null and g.valid_from <= on_day
                and (g.valid_to is null or on_day <= g.valid_to))
    from account a left join person p on p.id = a.person_id
    where (a.id = of_id or a.username = of_name) and a.kind <> 'PUBLIC' and issuing();
end;

-- Set a password's hash: the only change that a sign-in makes to an account.
create or replace function identity_set_password(of_id bigint, new_hash text) returns void
language sql volatile security definer set search_path = public, pg_temp
begin atomic
    update account set password_hash = new_hash where id = of_id and issuing();
end;

-- Record an event of a sign-in, under an action of its own, about an account or about none.
create or replace function identity_note(kind text, action text, of_account bigint, facts jsonb)
returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    before text := current_setting('sangkien.action', true);
begin
    if issuing() then
        perform set_config('sangkien.action', action, true);
        perform audit_note(
            kind, case when of_account is not null then 'Account' end, of_account, null, facts
        );
        perform set_config('sangkien.action', before, true);
    end if;
end
$$;

-- The families revoked since a moment: their access tokens must be rejected, though they are valid
-- by themselves.
create or replace function revoked_families(since timestamptz) returns setof uuid
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select id from token_family where revoked_at > since;
end;

-- Delete expired rows, at most `most` per table, skipping rows that other transactions have locked.
create or replace function identity_sweep(moment timestamptz, most int) returns void
language sql volatile
begin atomic
    delete from browser_session where id in (
        select id from browser_session where idle_ends_at < moment
        order by idle_ends_at limit most for update skip locked);
    delete from authorization_code where code_hash in (
        select code_hash from authorization_code where expires_at < moment and family_id is null
        order by expires_at limit most for update skip locked);
    -- After a delay: its last access token may outlive it by ten minutes, plus clock differences.
    delete from token_family where id in (
        select id from token_family where expires_at < moment - interval '15 minutes'
        order by expires_at limit most for update skip locked);
    delete from token_family where id in (
        select id from token_family where revoked_at < moment - interval '1 day'
        order by revoked_at limit most for update skip locked);
    delete from known_device where (device_hash, account_id) in (
        select device_hash, account_id from known_device where expires_at < moment
        order by expires_at limit most for update skip locked);
    delete from sign_in_attempt where subject_hash in (
        select subject_hash from sign_in_attempt where expires_at < moment
        order by expires_at limit most for update skip locked);
    delete from invitation where account_id in (
        select account_id from invitation where expires_at < moment
        order by expires_at limit most for update skip locked);
end;

-- Changes of sign-in data are audited like all others; secrets are masked as ***.
select audit_watch(name, object_type, key) from (values
    ('oauth_client', 'Client', 'serial'), ('consent', 'Account', 'account_id'),
    ('invitation', 'Account', 'account_id'), ('totp_secret', 'Account', 'account_id'),
    ('recovery_code', 'Account', 'account_id')
) as watched (name, object_type, key);
