-- The sum of counts as a count: 0 of no rows, and added as whole numbers, where sum(bigint)
-- would go through numeric.
create aggregate total(bigint) (
    sfunc = int8pl, stype = bigint, initcond = '0', combinefunc = int8pl, parallel = safe
);
