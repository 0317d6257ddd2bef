-- Whoever comes in by another issuer may be linked to an account by the e-mail address of its person
-- (external.sql). So the address of somebody who signs in is the owner's to change, and not that of
-- whoever manages the unit: it would be a way into what the account was granted elsewhere.
create or replace function person_email() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if row_security_active('public.person')
        and exists (select from account where person_id = new.id)
    then
        raise exception 'the address of person % is not the caller''s to change', new.id
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create or replace trigger person_email after update of email on person
for each row when (old.email is distinct from new.email) execute function person_email();
