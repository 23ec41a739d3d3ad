BEGIN TRANSACTION;
CREATE TABLE annotation (
	uid TEXT NOT NULL,
	set_id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	chrom TEXT NOT NULL,
	start INTEGER NOT NULL,
	"end" INTEGER NOT NULL,
	start1 INTEGER NOT NULL,
	end1 INTEGER NOT NULL,
	start2 INTEGER NOT NULL,
	end2 INTEGER NOT NULL,
	status TEXT NOT NULL,
	score FLOAT,
	probability FLOAT,
	resolution INTEGER NOT NULL,
	source TEXT NOT NULL,
	model TEXT NOT NULL,
	soft_score FLOAT,
	n_calls INTEGER NOT NULL,
	n_tools INTEGER NOT NULL,
	supporters TEXT NOT NULL,
	direction TEXT NOT NULL,
	level INTEGER NOT NULL,
	parent TEXT NOT NULL,
	name TEXT NOT NULL,
	extra TEXT NOT NULL,
	PRIMARY KEY (uid),
	FOREIGN KEY(set_id) REFERENCES annotation_set (id)
)
 WITHOUT ROWID

;
INSERT INTO "annotation" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,'loop','chr1',100000,310000,100000,110000,300000,310000,'accepted',0.5,NULL,0,'','',NULL,0,0,'','none',0,'','','');
INSERT INTO "annotation" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',1,'loop','chr1',400000,610000,400000,410000,600000,610000,'proposed',NULL,NULL,0,'','',NULL,0,0,'','none',0,'','','');
CREATE TABLE annotation_set (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	origin TEXT NOT NULL,
	visible BOOLEAN NOT NULL,
	locked BOOLEAN NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "annotation_set" VALUES(1,'run 1','predicted',1,0);
CREATE TABLE finetune_run (
	id INTEGER NOT NULL,
	parent TEXT NOT NULL,
	child TEXT,
	last_entry INTEGER,
	config TEXT NOT NULL,
	"before" TEXT NOT NULL,
	"after" TEXT,
	taken BOOLEAN,
	reason TEXT NOT NULL,
	started TEXT NOT NULL,
	finished TEXT,
	PRIMARY KEY (id),
	FOREIGN KEY(parent) REFERENCES model (sha256),
	FOREIGN KEY(child) REFERENCES model (sha256),
	FOREIGN KEY(last_entry) REFERENCES journal (id)
);
CREATE TABLE journal (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	time TEXT NOT NULL,
	reviewer TEXT NOT NULL,
	action TEXT NOT NULL,
	target INTEGER,
	FOREIGN KEY(target) REFERENCES journal (id)
);
INSERT INTO "journal" VALUES(1,'2026-11-26T06:29:24.690157+00:00','ada','predict',NULL);
INSERT INTO "journal" VALUES(2,'2026-11-26T06:29:24.695249+00:00','ada','accept',NULL);
INSERT INTO "journal" VALUES(3,'2026-11-26T06:29:24.698150+00:00','ada','reject',NULL);
INSERT INTO "journal" VALUES(4,'2026-11-26T06:29:24.700428+00:00','ada','undo',3);
CREATE TABLE journal_item (
	entry_id INTEGER NOT NULL,
	position INTEGER NOT NULL,
	set_id INTEGER NOT NULL,
	"before" TEXT,
	"after" TEXT,
	PRIMARY KEY (entry_id, position),
	FOREIGN KEY(entry_id) REFERENCES journal (id),
	FOREIGN KEY(set_id) REFERENCES annotation_set (id)
)
 WITHOUT ROWID

;
INSERT INTO "journal_item" VALUES(1,0,1,NULL,'{"uid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","kind":"loop","chrom":"chr1","start":100000,"end":310000,"start1":100000,"end1":110000,"start2":300000,"end2":310000,"status":"proposed","score":0.5,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}');
INSERT INTO "journal_item" VALUES(1,1,1,NULL,'{"uid":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","kind":"loop","chrom":"chr1","start":400000,"end":610000,"start1":400000,"end1":410000,"start2":600000,"end2":610000,"status":"proposed","score":null,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}');
INSERT INTO "journal_item" VALUES(2,0,1,'{"uid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","kind":"loop","chrom":"chr1","start":100000,"end":310000,"start1":100000,"end1":110000,"start2":300000,"end2":310000,"status":"proposed","score":0.5,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}','{"uid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","kind":"loop","chrom":"chr1","start":100000,"end":310000,"start1":100000,"end1":110000,"start2":300000,"end2":310000,"status":"accepted","score":0.5,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}');
INSERT INTO "journal_item" VALUES(3,0,1,'{"uid":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","kind":"loop","chrom":"chr1","start":400000,"end":610000,"start1":400000,"end1":410000,"start2":600000,"end2":610000,"status":"proposed","score":null,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}','{"uid":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","kind":"loop","chrom":"chr1","start":400000,"end":610000,"start1":400000,"end1":410000,"start2":600000,"end2":610000,"status":"rejected","score":null,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}');
INSERT INTO "journal_item" VALUES(4,0,1,'{"uid":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","kind":"loop","chrom":"chr1","start":400000,"end":610000,"start1":400000,"end1":410000,"start2":600000,"end2":610000,"status":"rejected","score":null,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}','{"uid":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","kind":"loop","chrom":"chr1","start":400000,"end":610000,"start1":400000,"end1":410000,"start2":600000,"end2":610000,"status":"proposed","score":null,"probability":null,"resolution":0,"source":"","model":"","soft_score":null,"n_calls":0,"n_tools":0,"supporters":"","direction":"none","level":0,"parent":"","name":"","extra":""}');
CREATE TABLE map_identity (
	id INTEGER NOT NULL,
	uri TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	assembly TEXT NOT NULL,
	chromsizes TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "map_identity" VALUES(1,'maps/a.mcool','f1','hg38','{"chr1": 5000000, "chr2": 3000000}');
CREATE TABLE model (
	sha256 TEXT NOT NULL,
	name TEXT NOT NULL,
	version TEXT NOT NULL,
	path TEXT NOT NULL,
	parent TEXT,
	card TEXT NOT NULL,
	added TEXT NOT NULL,
	PRIMARY KEY (sha256),
	FOREIGN KEY(parent) REFERENCES model (sha256)
);
CREATE TABLE reviewed_region (
	id INTEGER NOT NULL,
	chrom TEXT NOT NULL,
	start1 INTEGER NOT NULL,
	end1 INTEGER NOT NULL,
	start2 INTEGER NOT NULL,
	end2 INTEGER NOT NULL,
	kinds TEXT NOT NULL,
	reviewer TEXT NOT NULL,
	time TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "reviewed_region" VALUES(1,'chr1',0,1000000,0,1000000,'','ada','2026-11-26T06:29:24.702044+00:00');
CREATE TABLE schema_version (
	version INTEGER NOT NULL,
	applied TEXT NOT NULL,
	PRIMARY KEY (version)
);
INSERT INTO "schema_version" VALUES(1,'2026-11-26T06:29:24.676174+00:00');
CREATE TABLE validation_region (
	id INTEGER NOT NULL,
	chrom TEXT NOT NULL,
	start INTEGER NOT NULL,
	"end" INTEGER NOT NULL,
	frozen TEXT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX annotation_by_set ON annotation (set_id);
CREATE INDEX annotation_span ON annotation (chrom, kind, start, "end");
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('journal',4);
COMMIT;
