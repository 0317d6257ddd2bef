"""The oracle of compiled reads: random worlds, a slow reference executor, random queries."""
