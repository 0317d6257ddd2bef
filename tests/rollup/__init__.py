"""The proof of the totals: a plain fold over the raw rows, and random histories to fold."""
