"""Prometheus counters of rejected mutations and sign-in steps; api/metrics.py serves them."""

from prometheus_client import Counter

REFUSED = Counter(
    "sangkien_refused_mutations",
    "Mutations that were rejected, by field and error code; those of anonymous callers too",
    ["mutation", "code", "caller"],
)
UNRECORDED = Counter(
    "sangkien_unrecorded_refusals",
    "Rejected mutations of accounts that the audit log has only as a sum",
)
SIGN_INS = Counter(
    "sangkien_sign_ins",
    "Steps of signing in, by what came of them; `unknown` is a name that no account has",
    ["action", "outcome"],
)
