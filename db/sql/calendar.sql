-- The day of a moment in the programme's time zone.
create or replace function local_day(moment timestamptz) returns date
language sql immutable strict parallel safe
return (moment at time zone 'Asia/Ho_Chi_Minh')::date;
