namespace GeoRegistry.Storage.Sqlite;

/// <summary>Finds damage in the tables of the hydration queue, and makes them whole from each other and from the blob links.</summary>
/// <remarks>
/// What a blob's row and its waits say can be compared: with the sums, with the blob links that came in the same transaction, and
/// with the regions. A digest that was damaged is one that no ledger links any more, which is dropped like one that was deleted;
/// that its blob is then awaited by nothing is found by <see cref="SqliteMetadataStore.ListUnqueuedBlobsAsync"/>.
/// </remarks>
internal static class HydrationAudit
{
    private const string CommitSums = "SELECT source, position, ledger, count(*) FROM hydration_waits GROUP BY source, position, ledger";

    private const string RegionSums =
        """
        SELECT source, (SELECT count(*) FROM hydration_commits WHERE hydration_commits.source = awaited.source),
            count(*), sum(size), sum(dead)
        FROM (SELECT DISTINCT source, blob FROM hydration_waits) AS awaited JOIN hydration ON hydration.id = awaited.blob GROUP BY source
        """;

    private const string LedgerSums =
        """
        SELECT awaited.ledger, (SELECT count(*) FROM hydration_commits WHERE hydration_commits.ledger = awaited.ledger),
            count(*), sum(size), (SELECT min(at) FROM hydration_commits WHERE hydration_commits.ledger = awaited.ledger)
        FROM (SELECT DISTINCT ledger, blob FROM hydration_waits) AS awaited JOIN hydration ON hydration.id = awaited.blob
        GROUP BY awaited.ledger
        """;

    private const string StoredCommits = "SELECT source, position, ledger, blobs FROM hydration_commits";
    private const string StoredRegions = "SELECT source, commits, blobs, bytes, dead FROM hydration_regions";
    private const string StoredLedgers = "SELECT ledger, commits, blobs, bytes, oldest FROM hydration_ledgers";

    /// <summary>The link that a blob's row and one of its waits belong to.</summary>
    private const string LinkOfBlob =
        """
        FROM hydration_waits JOIN blob_links ON blob_links.ledger = hydration_waits.ledger AND blob_links.digest = hydration.digest
        WHERE hydration_waits.blob = hydration.id
        """;

    /// <summary>What is wrong, and a query that has a row where it is.</summary>
    private static readonly (string Fault, string Query)[] Checks =
    [
        ("a queued blob that no commit awaits", "SELECT 1 FROM hydration WHERE id NOT IN (SELECT blob FROM hydration_waits)"),
        ("a commit that awaits a blob which is not queued", "SELECT 1 FROM hydration_waits WHERE blob NOT IN (SELECT id FROM hydration)"),
        ("a blob of a repository that is not there", "SELECT 1 FROM hydration WHERE ledger NOT IN (SELECT id FROM ledgers)"),
        ("another size than the repository's",
            $"SELECT 1 FROM hydration WHERE EXISTS (SELECT 1 {LinkOfBlob} AND blob_links.size <> hydration.size)"),
        ("a blob put off for more than a day", "SELECT 1 FROM hydration WHERE dead = 0 AND not_before > (unixepoch() + 86400) * 1000"),
        ("other counts of commits than it awaits", Differs(CommitSums, StoredCommits)),
        ("other sums of regions than it awaits", Differs(RegionSums, StoredRegions)),
        ("other sums of repositories than it awaits", Differs(LedgerSums, StoredLedgers)),
    ];

    /// <summary>What is damaged, for people; null where nothing is.</summary>
    /// <param name="session">A reader's.</param>
    /// <param name="regions">All regions of the topology.</param>
    public static string? FindFault(SqliteSession session, IReadOnlyList<string> regions) =>
        Checks.Where(check => session.Number($"{check.Query} LIMIT 1") is not null).Select(check => check.Fault).FirstOrDefault()
        ?? (FindUnknownOrigins(session, regions).Count > 0 ? "a blob to be fetched from a region that the topology does not have" : null);

    /// <summary>Whether there is a blob that no repository which awaits it has any more.</summary>
    public static bool HasUnlinked(SqliteSession session) =>
        session.Number($"SELECT 1 FROM hydration WHERE NOT EXISTS (SELECT 1 {LinkOfBlob}) LIMIT 1") is not null;

    /// <summary>Makes the queue whole. What is left in it is tried again at once.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="regions">All regions of the topology; the first is asked for blobs whose own is not known.</param>
    public static void Repair(SqliteSession session, IReadOnlyList<string> regions)
    {
        foreach (var origin in FindUnknownOrigins(session, regions))
            session.Execute("UPDATE hydration SET origin = $2 WHERE origin = $1", origin, regions[0]);
        session.Execute($"DELETE FROM hydration WHERE NOT EXISTS (SELECT 1 {LinkOfBlob})");
        session.Execute(
            "DELETE FROM hydration_waits WHERE blob NOT IN (SELECT id FROM hydration) OR source NOT IN (SELECT region FROM feeds)");
        session.Execute("DELETE FROM hydration WHERE id NOT IN (SELECT blob FROM hydration_waits)");
        session.Execute(
            $"""
            UPDATE hydration SET size = (SELECT blob_links.size {LinkOfBlob}), attempts = 0, not_before = 0, dead = 0, error = NULL,
                ledger = (SELECT hydration_waits.ledger {LinkOfBlob})
            """);
        session.Execute(
            """
            DELETE FROM hydration_commits WHERE (source, position, ledger) NOT IN (SELECT source, position, ledger FROM hydration_waits)
            """);
        session.Execute(
            """
            INSERT INTO hydration_commits (source, position, ledger, blobs, at)
            SELECT source, position, hydration_waits.ledger, count(*), min(since)
            FROM hydration_waits JOIN hydration ON hydration.id = blob WHERE true
            GROUP BY source, position, hydration_waits.ledger ON CONFLICT DO UPDATE SET blobs = excluded.blobs
            """);
        session.Execute("DELETE FROM hydration_regions");
        session.Execute($"INSERT INTO hydration_regions (source, commits, blobs, bytes, dead) {RegionSums}");
        session.Execute("DELETE FROM hydration_ledgers");
        session.Execute($"INSERT INTO hydration_ledgers (ledger, commits, blobs, bytes, oldest) {LedgerSums}");
    }

    private static IReadOnlyList<string> FindUnknownOrigins(SqliteSession session, IReadOnlyList<string> regions) =>
        [.. session.List(row => row.GetString(0), "SELECT DISTINCT origin FROM hydration").Except(regions)];

    private static string Differs(string computed, string stored) =>
        $"""
        SELECT 1 FROM (
            SELECT * FROM (SELECT * FROM ({computed}) EXCEPT {stored})
            UNION ALL SELECT * FROM ({stored} EXCEPT SELECT * FROM ({computed})))
        """;
}
