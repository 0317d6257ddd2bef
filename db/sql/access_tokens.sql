-- Personal access tokens, and what the tokens of an application are limited to. Of a token only the
-- hash is kept; whoever looks one up has to know it.

-- Whether the caller's session is the account's own, so that it sees and keeps the account's
-- tokens: one that came by such a token is not, or it could make itself a wider one.
create or replace function own_tokens() returns boolean
language sql stable parallel safe
return coalesce(current_setting('sangkien.tokens', true), '') = 'on';

-- Whose a token is and what it is limited to; no row where it was revoked or its account disabled.
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

-- The applications that are limited, those too that were removed: their last tokens may be good.
create or replace function limited_clients()
returns table (client_id text, permissions text[], top text, read_only boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select c.client_id, c.permissions, u.path::text, c.read_only
    from oauth_client c
    left join unit u on u.id = c.unit_id
    where c.permissions is not null or c.unit_id is not null or c.read_only;
end;

-- A token that an application made ends with the application's authorization, however that ends.
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
