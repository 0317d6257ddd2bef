-- Checks for grants of roles, of accounts that row-level security may hide from the caller.

-- Whether a role grant is valid now or later.
create or replace function lasts(g role_grant) returns boolean
language sql stable
return g.revoked_at is null and (g.valid_to is null or g.valid_to >= today());

-- The account of a username, for callers who may grant roles anywhere; never the public one.
-- `elsewhere`: it has roles, which being an auditor would disable, at units where the caller does
-- not manage role grants. `own`: it is the caller's account, or another of the same person.
create or replace function grantee(name text)
returns table (id bigint, disabled boolean, elsewhere boolean, own boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.disabled_at is not null, exists (
        select from role_grant g
        where g.account_id = a.id and lasts(g) and g.role <> 'AUDITOR'
            and not holds('grant_manage', g.unit_id)
    ), a.id = any (caller_accounts())
    from account a
    where a.username = name and a.kind <> 'PUBLIC' and cardinality(scope('grant_manage')) > 0;
end;

-- The effective ADMIN grants at the root, for callers who manage role grants there: without those
-- of disabled accounts and of auditors, who only read.
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

-- The username of a role grant that the caller sees, where it may not see the account.
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

-- The roles that the caller's accounts have, now or later, over `there` and not over `here`: a unit
-- moved from here to there would come under them. With `exactly`, only those granted at `there`
-- itself. MEMBER is left out: it does not reach beyond its unit, and follows its person.
create or replace function own_roles_beyond(here bigint, there bigint, exactly boolean)
returns text[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(
        select distinct g.role
        from role_grant g
        where g.account_id = any (caller_accounts()) and lasts(g) and g.role <> 'MEMBER'
            and g.unit_id = any (line((select u.path from unit u where u.id = there)))
            and (g.unit_id = there or not exactly)
            and not exists (
                select from role_grant h
                where h.account_id = g.account_id and h.role = g.role and lasts(h)
                    and h.unit_id = any (line((select u.path from unit u where u.id = here)))
                    and h.valid_from <= greatest(g.valid_from, today())
                    and coalesce(h.valid_to, 'infinity') >= coalesce(g.valid_to, 'infinity')
            )
    );
end;

-- Whether a move or a merge of a unit would bring it under a role of the caller that does not cover
-- it yet, or bring such a role along: nobody gives a role to their own account in this way either.
create or replace function tree_gives_role(of_unit bigint, to_unit bigint, merges boolean)
returns boolean
language sql stable
return own_roles_beyond(of_unit, to_unit, false) <> '{}'
    or (merges and own_roles_beyond(to_unit, of_unit, true) <> '{}');

create or replace function unit_gives_role() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if (new.parent_id <> old.parent_id and tree_gives_role(new.id, new.parent_id, false))
        or (
            new.merged_into_id is distinct from old.merged_into_id
            and tree_gives_role(new.id, new.merged_into_id, true)
        )
    then
        raise exception 'unit % would come under a role of the caller''s', new.code
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create or replace trigger unit_gives_role before update of parent_id, merged_into_id on unit
for each row when (
    row_security_active('unit'::regclass)
    and (old.parent_id, old.merged_into_id) is distinct from (new.parent_id, new.merged_into_id)
) execute function unit_gives_role();

-- Whether an account, or its person, has had a hand in an initiative. Duties are a person's, so
-- such an account stays with its person: tied to another one it could decide on its own work.
create or replace function account_acted(of_account bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (select from initiative_maker where account_id = of_account)
        or exists (select from review where account_id = of_account)
        or exists (select from review_sheet where account_id = of_account)
        or exists (select from duplicate_link where account_id = of_account)
        or exists (
            select from account a join authorship w on w.person_id = a.person_id
            where a.id = of_account
        );
end;

-- An account's person determines whose work it may not decide on: nobody ties their own account to
-- a person, or an account to their own person. No account is untied, no service account is tied,
-- and no account that has acted is tied to another person.
create or replace function account_tied() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if new.id = any (caller_accounts()) or caller_person() in (old.person_id, new.person_id)
        or new.kind <> 'PERSON'
        or (
            old.person_id is not null and new.person_id is distinct from old.person_id
            and (new.person_id is null or account_acted(new.id))
        )
    then
        raise exception 'whose account % is, is not the caller''s to say', new.username
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create or replace trigger account_tied before insert or update of person_id on account
for each row when (row_security_active('account'::regclass)) execute function account_tied();
