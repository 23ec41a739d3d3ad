"""What each schema version made of the project file, in SQL: released text that is never changed.

The tables that the code works with stand in :mod:`~napari_hicstruct.annotations.schema`; a test holds that these
statements, one after another, lead there.
"""

from __future__ import annotations

VERSION_1 = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL)",
    "CREATE TABLE map_identity (id INTEGER NOT NULL PRIMARY KEY, uri TEXT NOT NULL, fingerprint TEXT NOT NULL,"
    " assembly TEXT NOT NULL, chromsizes TEXT NOT NULL)",
    "CREATE TABLE annotation_set (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL,"
    " visible BOOLEAN NOT NULL, locked BOOLEAN NOT NULL)",
    "CREATE TABLE annotation (uid TEXT NOT NULL PRIMARY KEY, set_id INTEGER NOT NULL REFERENCES annotation_set (id),"
    ' kind TEXT NOT NULL, chrom TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,'
    " start1 INTEGER NOT NULL, end1 INTEGER NOT NULL, start2 INTEGER NOT NULL, end2 INTEGER NOT NULL,"
    " status TEXT NOT NULL, score FLOAT, probability FLOAT, resolution INTEGER NOT NULL, source TEXT NOT NULL,"
    " model TEXT NOT NULL, soft_score FLOAT, n_calls INTEGER NOT NULL, n_tools INTEGER NOT NULL,"
    " supporters TEXT NOT NULL, direction TEXT NOT NULL, level INTEGER NOT NULL, parent TEXT NOT NULL,"
    " name TEXT NOT NULL, extra TEXT NOT NULL) WITHOUT ROWID",
    'CREATE INDEX annotation_span ON annotation (chrom, kind, start, "end")',
    "CREATE INDEX annotation_by_set ON annotation (set_id)",
    "CREATE TABLE journal (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL,"
    " reviewer TEXT NOT NULL, action TEXT NOT NULL, target INTEGER REFERENCES journal (id))",
    "CREATE TABLE journal_item (entry_id INTEGER NOT NULL REFERENCES journal (id), position INTEGER NOT NULL,"
    ' set_id INTEGER NOT NULL REFERENCES annotation_set (id), "before" TEXT, "after" TEXT,'
    " PRIMARY KEY (entry_id, position)) WITHOUT ROWID",
    "CREATE TABLE reviewed_region (id INTEGER NOT NULL PRIMARY KEY, chrom TEXT NOT NULL, start1 INTEGER NOT NULL,"
    " end1 INTEGER NOT NULL, start2 INTEGER NOT NULL, end2 INTEGER NOT NULL, kinds TEXT NOT NULL,"
    " reviewer TEXT NOT NULL, time TEXT NOT NULL)",
    "CREATE TABLE validation_region (id INTEGER NOT NULL PRIMARY KEY, chrom TEXT NOT NULL, start INTEGER NOT NULL,"
    ' "end" INTEGER NOT NULL, frozen TEXT NOT NULL)',
    "CREATE TABLE model (sha256 TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL,"
    " path TEXT NOT NULL, parent TEXT REFERENCES model (sha256), card TEXT NOT NULL, added TEXT NOT NULL)",
    "CREATE TABLE finetune_run (id INTEGER NOT NULL PRIMARY KEY, parent TEXT NOT NULL REFERENCES model (sha256),"
    " child TEXT REFERENCES model (sha256), last_entry INTEGER REFERENCES journal (id), config TEXT NOT NULL,"
    ' "before" TEXT NOT NULL, "after" TEXT, taken BOOLEAN, reason TEXT NOT NULL, started TEXT NOT NULL,'
    " finished TEXT)",
)
"""Sets, records, journal, reviewed regions; models and runs without a word on which model is in use."""

VERSION_2 = (
    "CREATE TABLE model_use (id INTEGER NOT NULL PRIMARY KEY, sha256 TEXT NOT NULL REFERENCES model (sha256),"
    " reason TEXT NOT NULL, time TEXT NOT NULL)",
    "CREATE TABLE journal_region (entry_id INTEGER NOT NULL REFERENCES journal (id), region_id INTEGER NOT NULL,"
    ' "before" TEXT, "after" TEXT, PRIMARY KEY (entry_id, region_id)) WITHOUT ROWID',
)
"""Which model is in use; reviewed regions in the journal."""

VERSION_3 = (
    "CREATE TABLE set_display (set_id INTEGER NOT NULL PRIMARY KEY REFERENCES annotation_set (id),"
    " colour TEXT NOT NULL, triangle TEXT NOT NULL, position INTEGER, removed BOOLEAN NOT NULL)",
    "CREATE TABLE journal_set (entry_id INTEGER NOT NULL REFERENCES journal (id),"
    ' set_id INTEGER NOT NULL REFERENCES annotation_set (id), "before" BOOLEAN NOT NULL,'
    ' "after" BOOLEAN NOT NULL, PRIMARY KEY (entry_id, set_id)) WITHOUT ROWID',
)
"""How sets are drawn and in which order; sets that came and went in the journal."""

VERSION_4 = (
    "CREATE TABLE journal_step (entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES journal (id),"
    ' "first" INTEGER NOT NULL REFERENCES journal (id))',
    # The windows of a run that came one right after another in one set are one step from now on.
    "INSERT INTO journal_step WITH entry AS (SELECT journal.id, action, set_id, lag(action) OVER (ORDER BY journal.id)"
    " AS action_before, lag(set_id) OVER (ORDER BY journal.id) AS set_before FROM journal"
    " LEFT JOIN journal_item ON entry_id = journal.id AND position = 0),"
    " step AS (SELECT id, action, max(CASE WHEN action = 'predict' AND action_before = 'predict'"
    " AND set_id = set_before THEN NULL ELSE id END) OVER (ORDER BY id) AS first FROM entry)"
    " SELECT id, first FROM step WHERE action = 'predict' AND id <> first",
)
"""Steps of several entries."""

VERSION_5 = (
    "CREATE TABLE set_run (id INTEGER NOT NULL PRIMARY KEY, set_id INTEGER NOT NULL REFERENCES annotation_set (id),"
    " run TEXT NOT NULL)",
)
"""How predicted sets came about."""
