"""Mutations: one file for each noun, with its inputs, payloads, results and fields."""
