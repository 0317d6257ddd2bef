-- Personal access tokens, and the limits of applications' tokens. Only the hash of a token is
-- stored; a look-up needs the hash.

-- Whether the caller's session is the account's own, so that it sees and manages the account's
-- tokens. A session of a personal access token is not, or it could create itself a wider one.
create or replace function own_tokens() returns boolean
language sql stable parallel safe
return coalesce(current_setting('sangkien.tokens', true), '') = 'on';

-- A token's account and limits; no row if it was revoked or its account is disabled.
create or replace function access_token_holder(hash bytea)
returns table (id bigint, username text, permissions text[], top text, read_only boolean,
               expires_at timestamptz, last_used_at timestamptz, second_factor boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select t.id, a.username, t.permissions, u.path::text, t.read_only, t.expires_at, t.last_used_at,
        t.second_factor
    from access_token t
    join account a on a.id = t.account_id
    left join unit u on u.id = t.unit_id
    where t.token_hash = hash and t.revoked_at is null and a.disabled_at is null;
end;

-- The limited applications, also removed ones: their last tokens may still be valid.
create or replace function limited_clients()
returns table (client_id text, permissions text[], top text, read_only boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select c.client_id, c.permissions, u.path::text, c.read_only
    from oauth_client c
    left join unit u on u.id = c.unit_id
    where c.permissions is not null or c.unit_id is not null or c.read_only;
end;

-- A token that an application created ends with the application's authorization, however that ends.
create or replace function authorization_ended() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update access_token set revoked_at = new.revoked_at
    where family_id = new.id and revoked_at is null;
    return null;
end
$$;

create or replace trigger tokens_end after update of revoked_at on token_family
for each row when (old.revoked_at is null and new.revoked_at is not null)
execute function authorization_ended();

select audit_watch(name, object_type, key) from (values
    ('access_token', 'AccessToken', 'id'), ('oauth_client', 'Client', 'serial')
) as watched (name, object_type, key);
