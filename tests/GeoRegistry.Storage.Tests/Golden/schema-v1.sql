-- The metadata database as version 1 wrote it. Frozen: a change here means that old regions cannot be opened.
BEGIN;
CREATE TABLE ledgers (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    UNIQUE (kind, name)) STRICT;
CREATE INDEX repositories ON ledgers (name) WHERE kind = 1 AND number > 0;

CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    position INTEGER NOT NULL,
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    number INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    encoded BLOB NOT NULL,
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
    size INTEGER NOT NULL,
    PRIMARY KEY (digest, ledger)) STRICT, WITHOUT ROWID;

INSERT INTO ledgers (id, kind, name, epoch, number, checksum) VALUES (1, 1, 'library/golden', 3, 1, @commit_checksum);
INSERT INTO commits (region, position, ledger, number, checksum, encoded) VALUES ('eu', 1, 1, 1, @commit_checksum, @commit_encoded);
INSERT INTO manifests (ledger, digest, media_type, content) VALUES (1, @manifest_digest, 'application/vnd.oci.image.manifest.v1+json', @manifest_content);
INSERT INTO tags (ledger, name, digest) VALUES (1, 'v1', @manifest_digest);
INSERT INTO manifest_references (ledger, target, manifest) VALUES (1, @config_digest, @manifest_digest), (1, @layer_digest, @manifest_digest);
INSERT INTO blob_links (digest, ledger, size) VALUES (@config_digest, 1, @config_size), (@layer_digest, 1, @layer_size);
PRAGMA user_version = 1;
COMMIT;
