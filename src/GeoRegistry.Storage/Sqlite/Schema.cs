namespace GeoRegistry.Storage.Sqlite;

/// <summary>The tables, and their upgrades from one version to the next.</summary>
/// <remarks>
/// A digest is stored as its algorithm byte and its hash. Texts compare by bytes. Every query of the store is answered by a primary
/// key or an index here, so that its cost is that of its rows:
/// <code>
/// ledgers              one row a ledger: its head. Number 0: blobs were uploaded to it, nothing is committed yet. contents: the
///                      checksum of all that it holds, null in databases of earlier builds until a scan has made it
/// ledger_names         the names of the ledgers again, each row with a checksum
/// commits              the wire form of every commit; (region, position) is the feed, (ledger, number) the history. row_checksum
///                      is over the row's other columns
/// manifests            what is there now, with the exact bytes
/// tags                 what they name now
/// manifest_references  which manifests name a blob or child
/// referrers            which manifests have a subject
/// blob_links           which repositories have a blob: committed 1 by a commit; uploaded, the number of the ledger's head then
/// announcements        uploaded blobs that their repository's home has yet to hear of; deleted_by, a deletion that left their link
/// announcements_done   one row a region: all of its before an id are done, and one that comes late is not to be linked again;
///                      of this region itself: the last id that it gave
/// announcements_taken  those of other regions that this one, as the home, has linked, as long as they may be repeated
/// feeds                one row a region: its incarnation, how far it is applied here, what of it snapshots cover and what was pruned
/// own_incarnation      one row: the incarnation of the region's own feed again
/// ledgers_set_aside    ledgers that could not be repaired, which their feeds skip
/// region_record        one row: what the region remembers about itself; region_record_copy says the same
/// hydration            the blobs to be fetched; id is their order, dead 1 a dead letter, not_before 0 one that never failed
/// hydration_waits      which commits await a blob; all of a blob's rows go at once, when it is stored
/// hydration_commits    how many blobs a commit awaits; a snapshot counts as a commit of its ledger
/// hydration_regions    the sums of a region's commits that await something
/// hydration_ledgers    the same of a ledger's
/// </code>
/// </remarks>
internal static class Schema
{
    private static readonly string[] Upgrades =
    [
        """
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
        """,
        """
        CREATE INDEX blob_links_of_ledger ON blob_links (ledger, digest, size);

        CREATE TABLE feeds (
            region TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            checksum BLOB NOT NULL,
            snapshot INTEGER NOT NULL,
            pruned INTEGER NOT NULL) STRICT, WITHOUT ROWID;

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
        """,
        """
        ALTER TABLE commits ADD COLUMN write_id BLOB;
        CREATE UNIQUE INDEX commits_of_write ON commits (ledger, write_id) WHERE write_id IS NOT NULL;

        ALTER TABLE blob_links ADD COLUMN committed INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE blob_links ADD COLUMN uploaded INTEGER;
        UPDATE blob_links SET committed = 0, uploaded = 0
            WHERE NOT EXISTS (
                SELECT 1 FROM manifest_references WHERE manifest_references.ledger = blob_links.ledger AND target = blob_links.digest);

        CREATE TABLE announcements (
            ledger INTEGER NOT NULL,
            digest BLOB NOT NULL,
            size INTEGER NOT NULL,
            PRIMARY KEY (ledger, digest)) STRICT, WITHOUT ROWID;

        ALTER TABLE feeds ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
        ALTER TABLE feeds ADD COLUMN take_over INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE feeds ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
        INSERT INTO feeds (region, position, checksum, snapshot, pruned)
            SELECT DISTINCT region, 0, x'', 0, 0 FROM commits WHERE true ON CONFLICT DO NOTHING;
        UPDATE feeds SET bytes = (SELECT coalesce(sum(length(encoded)), 0) FROM commits WHERE commits.region = feeds.region);
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
            shown_through INTEGER NOT NULL DEFAULT 0) STRICT;
        INSERT INTO region_record (id) VALUES (1);
        """,
        """
        ALTER TABLE ledgers ADD COLUMN contents BLOB;
        ALTER TABLE commits ADD COLUMN row_checksum BLOB;
        ALTER TABLE feeds ADD COLUMN row_checksum BLOB;
        """,
        """
        ALTER TABLE region_record ADD COLUMN row_checksum BLOB;
        CREATE TABLE region_record_copy (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            topology BLOB NOT NULL DEFAULT x'',
            longest_lease INTEGER NOT NULL DEFAULT 0,
            shown_through INTEGER NOT NULL DEFAULT 0,
            row_checksum BLOB) STRICT;
        INSERT INTO region_record_copy (id, topology, longest_lease, shown_through)
            SELECT id, topology, longest_lease, shown_through FROM region_record;
        """,
        """
        ALTER TABLE announcements RENAME TO earlier_announcements;
        CREATE TABLE announcements (
            id INTEGER PRIMARY KEY,
            ledger INTEGER NOT NULL,
            digest BLOB NOT NULL,
            size INTEGER NOT NULL,
            deleted_by INTEGER NOT NULL DEFAULT 0,
            UNIQUE (ledger, digest)) STRICT;
        INSERT INTO announcements (ledger, digest, size) SELECT ledger, digest, size FROM earlier_announcements;
        DROP TABLE earlier_announcements;
        CREATE TABLE announcements_done (
            region TEXT PRIMARY KEY,
            before INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE announcements_taken (
            region TEXT NOT NULL,
            id INTEGER NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (region, id)) STRICT, WITHOUT ROWID;

        CREATE TABLE ledger_names (
            id INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,
            name TEXT NOT NULL,
            row_checksum BLOB,
            UNIQUE (kind, name)) STRICT;
        INSERT INTO ledger_names (id, kind, name) SELECT id, kind, name FROM ledgers;

        CREATE TABLE own_incarnation (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            incarnation TEXT NOT NULL) STRICT;
        UPDATE feeds SET row_checksum = NULL;

        DROP INDEX commits_of_write;
        CREATE UNIQUE INDEX commits_of_write ON commits (write_id, ledger) WHERE write_id IS NOT NULL;
        """,
    ];

    /// <summary>Brings the database to this build's version, each step in a transaction of its own.</summary>
    /// <exception cref="InvalidDataException">The database was written by a newer build.</exception>
    public static void Upgrade(SqliteSession session)
    {
        var version = (int)session.Number("PRAGMA user_version")!.Value;
        if (version > Upgrades.Length)
            throw new InvalidDataException(
                $"The metadata database has the schema version {version}; this build knows {Upgrades.Length}. "
                    + "Start a newer build on this data.");
        for (; version < Upgrades.Length; version++)
            session.ExecuteScript($"BEGIN IMMEDIATE; {Upgrades[version]} PRAGMA user_version = {version + 1}; COMMIT;");
    }

    /// <summary>Writes the version as it is, so that a transaction has something to put on disk and changes nothing.</summary>
    public static bool RewriteVersion(SqliteSession session)
    {
        session.Execute($"PRAGMA user_version = {Upgrades.Length}");
        return true;
    }
}
