-- Authorizations (token_family), and applications that act as service accounts (oauth_client): an
-- account sees its own, and callers who may read a service account's role grants see its
-- applications.

-- The applications' service accounts of which the caller may read a role grant, at one unit at
-- least.
create or replace function services_read() returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(
        select distinct c.account_id
        from oauth_client c
        join role_grant g on g.account_id = c.account_id
        join unit u on u.id = g.unit_id
        where lasts(g) and u.path <@ any (scope('grant_read'))
    );
end;

-- The service accounts whose applications the caller may revoke: the caller manages all their role
-- grants, so that nothing stops at a unit that somebody else manages.
create or replace function services_managed() returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(
        select c.account_id
        from oauth_client c
        join role_grant g on g.account_id = c.account_id
        join unit u on u.id = g.unit_id
        where lasts(g)
        group by c.account_id
        having bool_and(u.path <@ any (scope('grant_manage')))
    );
end;

-- The username of an application's service account; null for accounts hidden from the caller.
create or replace function service_username(of_account bigint) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select username from account
    where id = of_account and (id = caller() or id = any (services_read()));
end;

-- Revocations by a caller are audited; a sign-out or an expiry is not.
create or replace trigger audited_revocation after update of revoked_at on token_family
for each row when (caller() is not null) execute function audit_change('Authorization', 'serial');

select audit_watch('oauth_client', 'Client', 'serial');
