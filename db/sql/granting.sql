-- What whoever grants must know of accounts that row-level security may hide from them.

-- Whether a grant holds today or later.
create or replace function lasts(g role_grant) returns boolean
language sql stable
return g.revoked_at is null and (g.valid_to is null or g.valid_to >= today());

-- The account of a username, for whoever grants anywhere; never the public one. `elsewhere`: it
-- may change things where the caller has no say, which being an auditor would end.
create or replace function grantee(name text)
returns table (id bigint, disabled boolean, elsewhere boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.disabled_at is not null, exists (
        select from role_grant g
        where g.account_id = a.id and lasts(g) and g.role <> 'AUDITOR'
            and not holds('grant_manage', g.unit_id)
    )
    from account a
    where a.username = name and a.kind <> 'PUBLIC' and cardinality(scope('grant_manage')) > 0;
end;

-- The ADMIN grants at the root of accounts that can use them, for whoever grants there: those of
-- disabled accounts do not count, nor of auditors, who only read.
create or replace function root_admins()
returns table (grant_id bigint, account_id bigint, valid_from date, valid_to date)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select g.id, g.account_id, g.valid_from, g.valid_to
    from unit u
    join role_grant g on g.unit_id = u.id
    join account a on a.id = g.account_id
    where u.parent_id is null and holds('grant_manage', u.id)
        and g.role = 'ADMIN' and lasts(g) and a.disabled_at is null
        and not exists (
            select from role_grant o
            where o.account_id = a.id and o.role = 'AUDITOR' and lasts(o)
        );
end;

-- The username behind a grant that the caller sees, where it would not see the account.
create or replace function grant_username(of_grant bigint) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.username
    from role_grant g
    join account a on a.id = g.account_id
    join unit u on u.id = g.unit_id
    where g.id = of_grant
        and (a.id = caller() or u.path <@ any (scope('grant_read')));
end;
