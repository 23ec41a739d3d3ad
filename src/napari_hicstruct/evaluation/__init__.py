"""Metrics: loops, boundaries, domains, stripes, calibration, pile-ups, agreement across tasks.

No torch and no files: functions take plain arrays in base pairs, ``records.py`` makes those from annotations.
"""
