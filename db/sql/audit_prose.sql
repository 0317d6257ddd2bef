-- Prose as the log may hold it: without e-mail addresses and telephone numbers, and with the people
-- involved by reference, however they are spelt. Whom else it names is in the words of whoever
-- wrote it. What is costly here comes after what is cheap and says that there is nothing to do.

-- A telephone number from behind its 0 or 84: nine digits, or ten that begin with 2.
create or replace function audit_subscriber() returns text
language sql immutable parallel safe
return '(?:[35789]\d(?:[ \u00a0./()–-]{0,2}\d){7}|2\d(?:[ \u00a0./()–-]{0,2}\d){8})(?!\d)';

-- Telephone numbers for certain. Dates and the numbers of decisions and initiatives have a sign
-- among their first three digits; where a telephone number has one, it is in pairs or in fours.
create or replace function audit_telephone() returns text
language sql immutable parallel safe
return '\(?(?:(?:\+|\m00)84[ \u00a0./()–-]{0,2}(?:0[ \u00a0./()–-]{0,2})?|\m0)' || audit_subscriber()
    || '|\m0[3-57-9](?:(?: \d\d){4}|(?:\.\d\d){4}|(?:-\d\d){4}|[ .-]\d{4}[ .-]?\d{4})(?!\d)';

-- Those that begin with 84 and could be an amount: one where it is round, where dots part it, or
-- where money follows.
create or replace function audit_telephone_or_amount() returns text
language sql immutable parallel safe
return '\(?\m84(?=[ \u00a0/()-]|\d{9})(?!(?: \d{3}){2} 000\M)'
    || '[ \u00a0/()-]{0,2}(?:0[ \u00a0./()–-]{0,2})?' || audit_subscriber()
    || '(?!\s?(?:đồng|triệu|t[ỷỉ]|[đĐ](?:[\s.,;)]|$)|[vV][nN][dDđĐ]))';

-- What a name looks like without case and accents, as a pattern of LIKE: what is no consonant or
-- digit may be anything, and so nothing is left that a pattern gives a meaning to.
create or replace function audit_shape(part text) returns text
language sql immutable strict parallel safe
return regexp_replace(lower(part collate "C"), '[^b-df-hj-np-tv-xz0-9]', '_', 'g');

-- The marks of a text in their order, and which d are đ. Capitals have the same, and so has a name
-- with its tone at the other vowel (Hòa, Hoà).
create or replace function audit_accents(value text) returns text
language sql immutable strict parallel safe
return regexp_replace(translate(normalize(value, NFD), 'Đ', 'đ'), '[\x01-\x7f\u00a0]', '', 'g');

-- Whether this is how a name may be spelt. Without accents it may be another word, unless it is
-- several (Hải is a name, and hai is two).
create or replace function audit_is_spelling(spelt text, part text) returns boolean
language sql immutable strict parallel safe
return spelt = part or
    translate(fold(spelt), E'\t\n\r\u00a0', '    ') = fold(part)
    and (audit_accents(spelt) = audit_accents(part) or audit_accents(spelt) = '' and part ~ ' ');

create or replace function audit_prose(prose text, people bigint[]) returns text
language plpgsql stable strict as $$
declare
    kept text := prose;
    lowered text;
    known record;
    shape text;
    spelt text;
    at int;
    size int;
begin
    if kept ~ '[\u0300-\u036f]' then
        kept := normalize(kept, NFC);
    end if;
    kept := regexp_replace(kept, '[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+', '***', 'g');
    kept := regexp_replace(kept, audit_telephone(), '***', 'g');
    if kept ~ '\m84' then
        kept := regexp_replace(kept, audit_telephone_or_amount(), '***', 'g');
    end if;
    lowered := lower(kept collate "C");
    -- The longest first: a name may have another one in it.
    for known in
        select 'Person:' || p.id as reference, said.part
        from person p cross join lateral (
            values (normalize(p.name, NFC), true), (p.code, false), (p.email, false), (p.phone, false)
        ) said (part, has_accents)
        where p.id = any (people) and case when has_accents
            then lowered like '%' || audit_shape(part) || '%'
            else strpos(lowered, lower(part collate "C")) > 0 end
        order by length(part) desc
    loop
        shape := replace(audit_shape(known.part), '_', '.');
        size := length(known.part);
        at := 0;
        loop
            at := regexp_instr(lowered, shape, at + 1);
            exit when at = 0;
            spelt := substr(kept, at, size);
            -- Not within another word.
            continue when substr(kept, at - 1, 1) ~ '[0-9A-Za-z\u00c0-\u1ef9]'
                or substr(kept, at + size, 1) ~ '[0-9A-Za-z\u00c0-\u1ef9]'
                or not audit_is_spelling(spelt, known.part);
            kept := overlay(kept placing known.reference from at for size);
            -- Nothing is looked for in a reference.
            lowered := overlay(
                lowered placing repeat('*', length(known.reference)) from at for size);
            at := at + length(known.reference) - 1;
        end loop;
    end loop;
    return kept;
end
$$;
