"""A plain Python model of the programme, and a machine that plays random people against it."""
