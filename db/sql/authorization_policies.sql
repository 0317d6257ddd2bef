-- An account's own sessions see its authorizations, and revoke them for good. Readers of a service
-- account's role grants see its applications too, and those who manage all of these grants revoke
-- them. No role may select a hash.
create policy seen on token_family for select using (
    (account_id = (select caller()) and (select own_tokens()))
    or account_id = any ((select services_read())::bigint[])
);
create policy revoked on token_family for update to sangkien_writer
using (
    revoked_at is null and (
        (account_id = (select caller()) and (select own_tokens()))
        or account_id = any ((select services_managed())::bigint[])
    )
)
with check (revoked_at is not null);

create policy seen on oauth_client for select using (
    account_id = any ((select services_read())::bigint[])
    or client_id in (
        select f.client_id from token_family f
        where f.account_id = (select caller()) and (select own_tokens())
    )
);
create policy revoked on oauth_client for update to sangkien_writer
using (revoked_at is null and account_id = any ((select services_managed())::bigint[]))
with check (revoked_at is not null);

-- A consent is revoked together with the application's authorization.
create policy seen on consent for select to sangkien_writer
using (account_id = (select caller()) and (select own_tokens()));
create policy taken_back on consent for delete to sangkien_writer
using (account_id = (select caller()) and (select own_tokens()));

grant select (serial, client_id, account_id, scope, auth_time, created_at, expires_at,
              last_used_at, revoked_at)
    on token_family to sangkien_reader;
grant select (serial, client_id, name, scope, account_id, permissions, unit_id, read_only,
              created_at, last_used_at, revoked_at, removed_at)
    on oauth_client to sangkien_reader;
grant update (last_used_at) on token_family to sangkien_writer;
grant update (last_used_at, revoked_at) on oauth_client to sangkien_writer;
grant delete on consent to sangkien_writer;
