"""Benchmarks: `python -m benchmarks.run`; the table of results is benchmarks/README.md."""
