"""Repair of labellings by implicit functions: shapes by class, their fusion by rules, one function of all."""
