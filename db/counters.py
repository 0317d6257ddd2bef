"""Metrics counters used below auth/; auth/counters.py has more."""

from prometheus_client import Counter

OUTAGE_ERRORS = Counter(
    "sangkien_outage_errors",
    "Requests and other work that failed because the database was not available",
)
