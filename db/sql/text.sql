-- Text without diacritics, for search and for order.
-- The same everywhere, whatever the database's locale: combining marks are dropped,
-- đ becomes d, and only A-Z are lowered (collation "C"). Twin: db/rules/text.py.
create or replace function fold(value text) returns text
language sql immutable strict parallel safe
return lower(
    translate(regexp_replace(normalize(value, NFD), '[\u0300-\u036f]', '', 'g'), 'Đđ', 'dd')
    collate "C"
);

-- What of an initiative is searched, and compared with others.
create or replace function wording(title text, summary text) returns text
language sql immutable strict parallel safe
return fold(title || ' ' || summary);
