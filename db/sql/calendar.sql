-- The day on which something happened, where the programme is run.
create or replace function local_day(moment timestamptz) returns date
language sql immutable strict parallel safe
return (moment at time zone 'Asia/Ho_Chi_Minh')::date;
