-- The metadata database as version 6 wrote it. Frozen: a change here means that old regions cannot be opened.
BEGIN;
CREATE TABLE ledgers (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    checksum BLOB NOT NULL, contents BLOB,
    UNIQUE (kind, name)) STRICT;

CREATE INDEX repositories ON ledgers (name) WHERE kind = 1 AND number > 0;

CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    position INTEGER NOT NULL,
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    number INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    encoded BLOB NOT NULL, write_id BLOB, row_checksum BLOB,
    UNIQUE (region, position),
    UNIQUE (ledger, number)) STRICT;

CREATE TABLE manifests (
    ledger INTEGER NOT NULL,
    digest BLOB NOT NULL,
    media_type TEXT NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (ledger, digest)) STRICT;

CREATE TABLE tags (
    ledger INTEGER NOT NULL,
    name TEXT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (ledger, name)) STRICT, WITHOUT ROWID;

CREATE INDEX tags_of_manifest ON tags (ledger, digest);

CREATE TABLE manifest_references (
    ledger INTEGER NOT NULL,
    target BLOB NOT NULL,
    manifest BLOB NOT NULL,
    PRIMARY KEY (ledger, target, manifest)) STRICT, WITHOUT ROWID;

CREATE TABLE referrers (
    ledger INTEGER NOT NULL,
    subject BLOB NOT NULL,
    digest BLOB NOT NULL,
    artifact_type TEXT,
    descriptor BLOB NOT NULL,
    UNIQUE (ledger, subject, digest)) STRICT;

CREATE INDEX referrers_of_type ON referrers (ledger, subject, artifact_type, digest);

CREATE TABLE blob_links (
    digest BLOB NOT NULL,
    ledger INTEGER NOT NULL,
    size INTEGER NOT NULL, committed INTEGER NOT NULL DEFAULT 1, uploaded INTEGER,
    PRIMARY KEY (digest, ledger)) STRICT, WITHOUT ROWID;

CREATE INDEX blob_links_of_ledger ON blob_links (ledger, digest, size);

CREATE TABLE feeds (
    region TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    snapshot INTEGER NOT NULL,
    pruned INTEGER NOT NULL, incarnation TEXT NOT NULL DEFAULT '', take_over INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, row_checksum BLOB) STRICT, WITHOUT ROWID;

CREATE TABLE hydration (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    origin TEXT NOT NULL,
    ledger INTEGER NOT NULL,
    since INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    error TEXT) STRICT;

CREATE INDEX hydration_ready ON hydration (origin, not_before) WHERE dead = 0;

CREATE INDEX hydration_lists ON hydration (dead);

CREATE TABLE hydration_waits (
    blob INTEGER NOT NULL,
    source TEXT NOT NULL,
    position INTEGER NOT NULL,
    ledger INTEGER NOT NULL,
    PRIMARY KEY (blob, source, position, ledger)) STRICT, WITHOUT ROWID;

CREATE INDEX hydration_waits_of_ledger ON hydration_waits (blob, ledger);

CREATE TABLE hydration_commits (
    source TEXT NOT NULL,
    position INTEGER NOT NULL,
    ledger INTEGER NOT NULL,
    at INTEGER NOT NULL,
    blobs INTEGER NOT NULL,
    PRIMARY KEY (source, position, ledger)) STRICT, WITHOUT ROWID;

CREATE INDEX hydration_commits_of_region ON hydration_commits (source, at);

CREATE INDEX hydration_commits_of_ledger ON hydration_commits (ledger, at);

CREATE TABLE hydration_regions (
    source TEXT PRIMARY KEY,
    commits INTEGER NOT NULL,
    blobs INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE hydration_ledgers (
    ledger INTEGER PRIMARY KEY,
    commits INTEGER NOT NULL,
    blobs INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    oldest INTEGER NOT NULL) STRICT;

CREATE INDEX hydration_ledgers_by_age ON hydration_ledgers (oldest);

CREATE UNIQUE INDEX commits_of_write ON commits (write_id, ledger) WHERE write_id IS NOT NULL;

CREATE TABLE announcements (
    id INTEGER PRIMARY KEY,
    ledger INTEGER NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    deleted_by INTEGER NOT NULL DEFAULT 0,
    UNIQUE (ledger, digest)) STRICT;

CREATE TABLE announcements_done (
    region TEXT PRIMARY KEY,
    before INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE announcements_taken (
    region TEXT NOT NULL,
    id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (region, id)) STRICT, WITHOUT ROWID;

CREATE TRIGGER commit_added AFTER INSERT ON commits
    BEGIN UPDATE feeds SET bytes = bytes + length(new.encoded) WHERE region = new.region; END;

CREATE TRIGGER commit_dropped AFTER DELETE ON commits
    BEGIN UPDATE feeds SET bytes = bytes - length(old.encoded) WHERE region = old.region; END;

CREATE TABLE ledgers_set_aside (
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;

CREATE TABLE region_record (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    topology BLOB NOT NULL DEFAULT x'',
    longest_lease INTEGER NOT NULL DEFAULT 0,
    shown_through INTEGER NOT NULL DEFAULT 0, row_checksum BLOB) STRICT;

CREATE TABLE region_record_copy (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    topology BLOB NOT NULL DEFAULT x'',
    longest_lease INTEGER NOT NULL DEFAULT 0,
    shown_through INTEGER NOT NULL DEFAULT 0,
    row_checksum BLOB) STRICT;

CREATE TABLE ledger_names (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    row_checksum BLOB,
    UNIQUE (kind, name)) STRICT;

CREATE TABLE own_incarnation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation TEXT NOT NULL) STRICT;

INSERT INTO ledgers (id, kind, name, epoch, number, checksum, contents) VALUES (1, 1, 'library/golden', 3, 1, @commit_checksum, x'351f8b20b2832224f37edbc22d60651e');
INSERT INTO feeds (region, position, checksum, snapshot, pruned, incarnation, take_over, bytes, row_checksum) VALUES ('eu', 0, x'', 0, 0, '5a3917e0', 0, 0, x'3c25e48744a34c1c0ff95d081f9324924f039bbd9937da39429986c504321aa9');
INSERT INTO ledger_names (id, kind, name, row_checksum) VALUES (1, 1, 'library/golden', x'a9c52064b9bdcebe2618a70798fa72fa615ffa3bc611eadf1313d3cada4334b8');
INSERT INTO own_incarnation (id, incarnation) VALUES (1, '5a3917e0');
INSERT INTO commits (region, position, ledger, number, checksum, encoded, write_id, row_checksum) VALUES ('eu', 1, 1, 1, @commit_checksum, @commit_encoded, NULL, x'1851e1a2478aa1c0ff6c768d3bd36b11bb970d8f5e0c420b424c1d7d9f944c96');
INSERT INTO manifests (ledger, digest, media_type, content) VALUES (1, @manifest_digest, 'application/vnd.oci.image.manifest.v1+json', @manifest_content);
INSERT INTO tags (ledger, name, digest) VALUES (1, 'v1', @manifest_digest);
INSERT INTO manifest_references (ledger, target, manifest) VALUES (1, @config_digest, @manifest_digest), (1, @layer_digest, @manifest_digest);
INSERT INTO blob_links (digest, ledger, size, committed, uploaded) VALUES (@config_digest, 1, @config_size, 1, 0), (@layer_digest, 1, @layer_size, 1, NULL);
INSERT INTO feeds (region, position, checksum, snapshot, pruned, incarnation, take_over, bytes) VALUES ('us', 7, @commit_checksum, 5, 3, '0badf00d', 1, 0);
INSERT INTO announcements (ledger, digest, size) VALUES (1, @config_digest, @config_size);
INSERT INTO ledgers_set_aside (kind, name, source, reason, attempts, not_before) VALUES (1, 'library/damaged', 'us', 'it cannot be read', 3, 1700000000123);
INSERT INTO region_record (id, topology, longest_lease, shown_through, row_checksum) VALUES (1, x'7b7d', 5000, 1, x'104a648c8de0074ac3ce3dd1a29dd02feb368fb2bcddb91dbc1058728bb871f1');
INSERT INTO region_record_copy (id, topology, longest_lease, shown_through, row_checksum) VALUES (1, x'7b7d', 5000, 1, x'104a648c8de0074ac3ce3dd1a29dd02feb368fb2bcddb91dbc1058728bb871f1');
INSERT INTO hydration (id, digest, size, origin, ledger, since, attempts, not_before, dead, error) VALUES
    (1, @layer_digest, @layer_size, 'us', 1, 1700000000123, 0, 0, 0, NULL),
    (2, @config_digest, @config_size, 'us', 1, 1700000000123, 4, 1, 1, 'nobody has it');
INSERT INTO hydration_waits (blob, source, position, ledger) VALUES (1, 'us', 7, 1), (2, 'us', 7, 1);
INSERT INTO hydration_commits (source, position, ledger, at, blobs) VALUES ('us', 7, 1, 1700000000123, 2);
INSERT INTO hydration_regions (source, commits, blobs, bytes, dead) VALUES ('us', 1, 2, @layer_size + @config_size, 1);
INSERT INTO hydration_ledgers (ledger, commits, blobs, bytes, oldest) VALUES (1, 1, 2, @layer_size + @config_size, 1700000000123);
PRAGMA user_version = 6;
COMMIT;
