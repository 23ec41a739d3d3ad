"""Calls of several programs → one list of soft labels: votes, clusters without chains, reliability of each caller."""
