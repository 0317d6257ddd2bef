-- Who somebody is at an issuer of others. A token says its issuer and its subject; here these
-- become an account, one pair at a time: nobody lists them.

-- The username of a pair's account.
create or replace function external_account(of_issuer text, of_subject text) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.username
    from external_identity e join account a on a.id = e.account_id
    where e.issuer = of_issuer and e.subject = of_subject;
end;

-- The account that a verified e-mail address links to: that of the one person who has it. None
-- where two have it, where the account is known at the issuer already (an address may have gone to
-- somebody else there), and none that is, or will be, an admin's or an auditor's.
create or replace function external_candidate(of_email text, of_issuer text, on_day date)
returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id from person p join account a on a.person_id = p.id
    where lower(p.email) = lower(of_email) and a.kind = 'PERSON' and a.disabled_at is null
        and issuing()
        and not exists (
            select from person o where lower(o.email) = lower(of_email) and o.id <> p.id)
        and not exists (
            select from external_identity e where e.account_id = a.id and e.issuer = of_issuer)
        and not exists (
            select from role_grant g
            where g.account_id = a.id and g.role in ('ADMIN', 'AUDITOR') and g.revoked_at is null
                and (g.valid_to is null or on_day <= g.valid_to));
end;

-- Who may come in by what is told as other changes are; subjects and codes stand as ***.
select audit_watch(name, 'Account', 'account_id') from (values
    ('external_identity'), ('link_code')
) as watched (name);
