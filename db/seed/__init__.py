"""Seed data: the demo of PROGRAMME.md, and a synthetic national tree of any size."""
