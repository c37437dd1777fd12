using GeoRegistry.Storage.PostgreSql.Connections;

namespace GeoRegistry.Storage.PostgreSql;

/// <summary>Finds damage in the tables of the hydration queue, and makes them whole from each other and from the blob links.</summary>
/// <remarks>
/// A blob that no ledger links which awaits it was deleted meanwhile, and is dropped. What is then awaited by nothing is found by
/// <see cref="PostgreSqlMetadataStore.ListUnqueuedBlobsAsync"/>.
/// </remarks>
internal static class HydrationAudit
{
    /// <summary>How many rows one transaction drops or gives another region, so that pushes get in between.</summary>
    public const int BatchRows = 500;

    /// <summary>A blob that no repository which awaits it has any more.</summary>
    public const string HasNoLink = $"NOT EXISTS (SELECT 1 {LinkOfBlob})";

    /// <summary>An origin that is no region now; <c>$1</c> are the regions.</summary>
    public const string HasUnknownOrigin = "origin <> ALL ($1)";

    /// <summary>The latest time that a row may have, in milliseconds: the end of the year 9999.</summary>
    private const string LastTime = "253402300799999";

    private const string LinkOfBlob =
        """
        FROM hydration_waits JOIN blob_links ON blob_links.ledger = hydration_waits.ledger AND blob_links.digest = hydration.digest
        WHERE hydration_waits.blob = hydration.id
        """;

    private const string CommitSums = "SELECT source, position, ledger, count(*) FROM hydration_waits GROUP BY source, position, ledger";

    private const string RegionSums =
        """
        SELECT source, (SELECT count(*) FROM hydration_commits WHERE hydration_commits.source = awaited.source),
            count(*), sum(size)::bigint, sum(dead)::bigint
        FROM (SELECT DISTINCT source, blob FROM hydration_waits) AS awaited JOIN hydration ON hydration.id = awaited.blob GROUP BY source
        """;

    private const string LedgerSums =
        """
        SELECT awaited.ledger, (SELECT count(*) FROM hydration_commits WHERE hydration_commits.ledger = awaited.ledger),
            count(*), sum(size)::bigint, (SELECT min(at) FROM hydration_commits WHERE hydration_commits.ledger = awaited.ledger)
        FROM (SELECT DISTINCT ledger, blob FROM hydration_waits) AS awaited JOIN hydration ON hydration.id = awaited.blob
        GROUP BY awaited.ledger
        """;

    /// <summary>Attempts and times that are none; <c>$1</c> is the latest time until which a blob is deferred.</summary>
    private const string HasBadTimes =
        $"attempts < 0 OR since NOT BETWEEN 0 AND {LastTime} OR (dead = 0 AND not_before NOT BETWEEN 0 AND $1) OR dead NOT IN (0, 1)";

    private const string HasOtherSize = $"EXISTS (SELECT 1 {LinkOfBlob} AND blob_links.size <> hydration.size)";

    /// <summary>
    /// What is wrong, and a query of <c>$1</c>, the latest time, and <c>$2</c>, the regions, that has a row where it is.
    /// </summary>
    private static readonly (string Fault, string Query)[] Checks =
    [
        ("a queued blob that no commit awaits",
            "SELECT 1 FROM hydration WHERE NOT EXISTS (SELECT 1 FROM hydration_waits WHERE blob = hydration.id)"),
        ("a commit that awaits a blob which is not queued",
            "SELECT 1 FROM hydration_waits WHERE NOT EXISTS (SELECT 1 FROM hydration WHERE hydration.id = blob)"),
        ("a size that differs from the repository's", $"SELECT 1 FROM hydration WHERE {HasOtherSize}"),
        ("attempts or times out of range", $"SELECT 1 FROM hydration WHERE {HasBadTimes}"),
        ("a commit's time out of range", $"SELECT 1 FROM hydration_commits WHERE at NOT BETWEEN 0 AND {LastTime}"),
        ("wrong counts of commits", Differs(CommitSums, "SELECT source, position, ledger, blobs FROM hydration_commits")),
        ("wrong sums of regions", Differs(RegionSums, "SELECT source, commits, blobs, bytes, dead FROM hydration_regions")),
        ("wrong sums of repositories", Differs(LedgerSums, "SELECT ledger, commits, blobs, bytes, oldest FROM hydration_ledgers")),
        // The region of an origin may have been taken out of the topology, but then it has a feed here.
        ("a blob to be fetched from an unknown region",
            "SELECT 1 FROM hydration WHERE origin <> ALL ($2) AND origin NOT IN (SELECT region FROM feeds)"),
    ];

    /// <summary>A query of what is damaged, for people; <c>$1</c> is the latest time until which a blob is deferred, <c>$2</c> are all
    /// regions of the topology.</summary>
    public static string FindFaults { get; } = string.Join(
        " UNION ALL ",
        Checks.Select(check => $"(SELECT '{check.Fault.Replace("'", "''", StringComparison.Ordinal)}' WHERE EXISTS ({check.Query}))"));

    /// <summary>Makes the queue whole, where it was found damaged. Rows that are right stay as they are.</summary>
    public static void Repair(StatementBatch batch, DateTimeOffset now)
    {
        var at = now.ToUnixTimeMilliseconds();
        // Nobody changes the queue meanwhile.
        batch.Execute("LOCK TABLE hydration, hydration_waits, hydration_commits, hydration_regions, hydration_ledgers IN EXCLUSIVE MODE");
        batch.Execute("DELETE FROM hydration_waits WHERE NOT EXISTS (SELECT 1 FROM hydration WHERE hydration.id = blob)");
        batch.Execute("DELETE FROM hydration WHERE NOT EXISTS (SELECT 1 FROM hydration_waits WHERE blob = hydration.id)");
        batch.Execute($"UPDATE hydration SET size = (SELECT min(blob_links.size) {LinkOfBlob}) WHERE {HasOtherSize}");
        // Which dead letters are damage is not known: all are tried again.
        batch.Execute(
            $"""
            UPDATE hydration SET attempts = 0, not_before = 0, dead = 0, error = NULL,
                since = CASE WHEN since BETWEEN 0 AND {LastTime} THEN since ELSE $2 END
            WHERE {HasBadTimes} OR dead = 1
            """,
            LastNotBefore(now), at);
        batch.Execute(
            """
            DELETE FROM hydration_commits WHERE NOT EXISTS (
                SELECT 1 FROM hydration_waits AS wait WHERE wait.source = hydration_commits.source
                    AND wait.position = hydration_commits.position AND wait.ledger = hydration_commits.ledger)
            """);
        batch.Execute($"UPDATE hydration_commits SET at = $1 WHERE at NOT BETWEEN 0 AND {LastTime}", at);
        batch.Execute(
            """
            INSERT INTO hydration_commits (source, position, ledger, blobs, at)
            SELECT source, position, hydration_waits.ledger, count(*), min(since)
            FROM hydration_waits JOIN hydration ON hydration.id = blob
            GROUP BY source, position, hydration_waits.ledger
            ON CONFLICT (source, position, ledger) DO UPDATE SET blobs = excluded.blobs
            """);
        batch.Execute("DELETE FROM hydration_regions");
        batch.Execute($"INSERT INTO hydration_regions (source, commits, blobs, bytes, dead) {RegionSums}");
        batch.Execute("DELETE FROM hydration_ledgers");
        batch.Execute($"INSERT INTO hydration_ledgers (ledger, commits, blobs, bytes, oldest) {LedgerSums}");
    }

    /// <summary>The latest time until which a blob is deferred, in milliseconds.</summary>
    public static long LastNotBefore(DateTimeOffset now) => now.AddDays(1).ToUnixTimeMilliseconds();

    private static string Differs(string computed, string stored) =>
        $"(({computed}) EXCEPT ({stored})) UNION ALL (({stored}) EXCEPT ({computed}))";
}
