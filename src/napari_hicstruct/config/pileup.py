"""How the records of a project become the sets of a pile-up."""

from __future__ import annotations

from enum import StrEnum


class GroupBy(StrEnum):
    """How the records of a project become sets."""

    SET = "set"
    STATUS = "status"
    CALLER = "caller"
    MODEL = "model"
    ALL = "all"
