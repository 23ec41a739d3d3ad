"""A consensus of several callers."""
