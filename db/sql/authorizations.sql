-- What applications hold for accounts (token_family), and the applications that act as service
-- accounts (oauth_client): an account sees its own, and whoever looks after a service account's
-- grants sees what it has.

-- The service accounts of applications whose grants the caller may read, at one unit at least.
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

-- Those that the caller may stop: all of their grants are the caller's to manage, so that nothing
-- stops where somebody else has the say.
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

-- The username of an application's service account; that of others is not told.
create or replace function service_username(of_account bigint) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select username from account
    where id = of_account and (id = caller() or id = any (services_read()));
end;

-- That somebody ends an authorization is told; what ends by signing out or by itself is not.
create or replace trigger audited_revocation after update of revoked_at on token_family
for each row when (caller() is not null) execute function audit_change('Authorization', 'serial');

select audit_watch('oauth_client', 'Client', 'serial');
