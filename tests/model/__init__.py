"""The programme as a plain Python model, and a machine that plays random people against it."""
