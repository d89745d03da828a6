"""Benchmarks: one module a question, product and references in one run."""
