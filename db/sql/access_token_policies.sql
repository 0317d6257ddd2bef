-- An account's own sessions see, create and revoke its tokens; revocation is permanent. The
-- issuer's transactions (db/issuing.py) record the use of a token. No role may select the hash.
alter table access_token enable row level security;

create policy seen on access_token for select using (
    account_id = (select caller()) and (select own_tokens())
);
create policy added on access_token for insert to sangkien_writer
with check (account_id = (select caller()) and (select own_tokens()));
create policy changed on access_token for update to sangkien_writer
using (account_id = (select caller()) and (select own_tokens()) and revoked_at is null)
with check (revoked_at is not null);
create policy used_seen on access_token for select to sangkien_writer
using ((select issuing()));
create policy used on access_token for update to sangkien_writer
using ((select issuing()));

grant select (id, account_id, name, permissions, unit_id, read_only, created_at, expires_at,
              last_used_at, revoked_at, second_factor, family_id)
    on access_token to sangkien_reader, sangkien_writer;
grant insert (account_id, name, token_hash, permissions, unit_id, read_only, expires_at,
              second_factor, family_id)
    on access_token to sangkien_writer;
grant update (revoked_at, last_used_at) on access_token to sangkien_writer;

revoke execute on function access_token_holder(bytea), limited_clients() from public;
grant execute on function access_token_holder(bytea), limited_clients() to sangkien_reader;
