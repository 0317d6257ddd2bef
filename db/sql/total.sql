-- The sum of counts as a bigint: 0 for no rows, and added as integers, where sum(bigint)
-- would use numeric.
create aggregate total(bigint) (
    sfunc = int8pl, stype = bigint, initcond = '0', combinefunc = int8pl, parallel = safe
);
