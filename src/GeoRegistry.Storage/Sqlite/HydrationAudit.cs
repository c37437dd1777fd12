using System.Text.Json;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Finds damage in the tables of the hydration queue, and makes them whole from each other and from the blob links.</summary>
/// <remarks>
/// What a blob's row and its waits say can be compared: with the sums, and with the blob links that came in the same transaction.
/// A digest that was damaged is one that no ledger links, like that of a blob which was deleted while it was awaited: both are
/// dropped. That the damaged one's blob is then awaited by nothing is found by
/// <see cref="SqliteMetadataStore.ListUnqueuedBlobsAsync"/>.
/// </remarks>
internal static class HydrationAudit
{
    /// <summary>How many rows one transaction drops or gives another region, so that pushes get in between.</summary>
    public const int BatchRows = 500;

    /// <summary>The latest time that a row may have, in milliseconds: the end of the year 9999.</summary>
    private const string LastTime = "253402300799999";

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

    private const string HasNoLink = $"NOT EXISTS (SELECT 1 {LinkOfBlob})";

    private const string HasOtherSize = $"EXISTS (SELECT 1 {LinkOfBlob} AND blob_links.size <> hydration.size)";

    /// <summary>Attempts and times that are none; <c>$2</c> is the latest time until which a blob is deferred.</summary>
    private const string HasBadTimes =
        $"attempts < 0 OR since NOT BETWEEN 0 AND {LastTime} OR (dead = 0 AND not_before NOT BETWEEN 0 AND $2) OR dead NOT IN (0, 1)";

    /// <summary>An origin that is no region now; <c>$1</c> are the regions as JSON.</summary>
    private const string HasUnknownOrigin = "origin NOT IN (SELECT value FROM json_each($1))";

    /// <summary>
    /// What is wrong, and a query of <c>$1</c>, the regions, and <c>$2</c>, the latest time, that has a row where it is. Each reads a
    /// moment of its own.
    /// </summary>
    private static readonly (string Fault, string Query)[] Checks =
    [
        ("a queued blob that no commit awaits", "SELECT 1 FROM hydration WHERE id NOT IN (SELECT blob FROM hydration_waits)"),
        ("a commit that awaits a blob which is not queued",
            "SELECT 1 FROM hydration_waits WHERE blob NOT IN (SELECT id FROM hydration)"),
        ("a blob of a repository that is not there", "SELECT 1 FROM hydration WHERE ledger NOT IN (SELECT id FROM ledgers)"),
        ("a size that differs from the repository's", $"SELECT 1 FROM hydration WHERE {HasOtherSize}"),
        ("attempts or times out of range", $"SELECT 1 FROM hydration WHERE {HasBadTimes}"),
        ("a commit's time out of range", $"SELECT 1 FROM hydration_commits WHERE at NOT BETWEEN 0 AND {LastTime}"),
        ("wrong counts of commits", Differs(CommitSums, StoredCommits)),
        ("wrong sums of regions", Differs(RegionSums, StoredRegions)),
        ("wrong sums of repositories", Differs(LedgerSums, StoredLedgers)),
        // The region of an origin may have been taken out of the topology, but then it has a feed here.
        ("a blob to be fetched from an unknown region",
            $"SELECT 1 FROM hydration WHERE {HasUnknownOrigin} AND origin NOT IN (SELECT region FROM feeds)"),
    ];

    /// <summary>How many checks there are.</summary>
    public static int Count => Checks.Length;

    /// <summary>Makes one of the checks.</summary>
    /// <param name="session">A reader's.</param>
    /// <param name="check">Which, from 0 below <see cref="Count"/>.</param>
    /// <param name="regions">All regions of the topology.</param>
    /// <param name="now">The time.</param>
    /// <returns>What is damaged, for people; null where nothing is.</returns>
    public static string? FindFault(SqliteSession session, int check, IReadOnlyList<string> regions, DateTimeOffset now)
    {
        var (fault, query) = Checks[check];
        return session.Number($"{query} LIMIT 1", Json(regions), LastNotBefore(now)) is null ? null : fault;
    }

    /// <summary>The ids of some blobs that no repository which awaits them has any more.</summary>
    public static IReadOnlyList<long> ListUnlinked(SqliteSession session) => session.List(
        row => row.GetInt64(0), $"SELECT id FROM hydration WHERE {HasNoLink} LIMIT {BatchRows}");

    /// <summary>The id of a blob that is queued though no repository which awaits it has it any more; null where it is not such a
    /// one.</summary>
    public static long? FindUnlinked(SqliteSession session, Digest digest) =>
        session.Number($"SELECT id FROM hydration WHERE digest = $1 AND {HasNoLink}", digest.ToKey());

    /// <summary>Whether a blob is to be fetched first from what is no region now.</summary>
    public static bool HasStrangers(SqliteSession session, IReadOnlyList<string> regions) =>
        session.Number($"SELECT 1 FROM hydration WHERE {HasUnknownOrigin} LIMIT 1", Json(regions)) is not null;

    /// <summary>Lets some blobs be fetched first from the first region instead of from what is no region now.</summary>
    /// <returns>How many.</returns>
    public static int TurnToFirst(SqliteSession session, IReadOnlyList<string> regions) => session.Execute(
        $"UPDATE hydration SET origin = $2 WHERE id IN (SELECT id FROM hydration WHERE {HasUnknownOrigin} LIMIT {BatchRows})",
        Json(regions), regions[0]);

    /// <summary>Makes the queue whole, where it was found damaged. Rows that are right stay as they are.</summary>
    public static void Repair(SqliteSession session, DateTimeOffset now)
    {
        session.Execute("DELETE FROM hydration_waits WHERE blob NOT IN (SELECT id FROM hydration)");
        session.Execute("DELETE FROM hydration WHERE id NOT IN (SELECT blob FROM hydration_waits)");
        session.Execute($"UPDATE hydration SET size = (SELECT blob_links.size {LinkOfBlob}) WHERE {HasOtherSize}");
        session.Execute(
            """
            UPDATE hydration SET ledger = (SELECT ledger FROM hydration_waits WHERE blob = id)
            WHERE ledger NOT IN (SELECT id FROM ledgers)
            """);
        // Which dead letters are damage is not known: all are tried again.
        session.Execute(
            $"""
            UPDATE hydration SET attempts = 0, not_before = 0, dead = 0, error = NULL,
                since = iif(since BETWEEN 0 AND {LastTime}, since, $1)
            WHERE {HasBadTimes} OR dead = 1
            """,
            now.ToUnixTimeMilliseconds(), LastNotBefore(now));
        session.Execute(
            """
            DELETE FROM hydration_commits WHERE (source, position, ledger) NOT IN (SELECT source, position, ledger FROM hydration_waits)
            """);
        session.Execute($"UPDATE hydration_commits SET at = $1 WHERE at NOT BETWEEN 0 AND {LastTime}", now.ToUnixTimeMilliseconds());
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

    private static long LastNotBefore(DateTimeOffset now) => now.AddDays(1).ToUnixTimeMilliseconds();

    private static string Json(IReadOnlyList<string> regions) => JsonSerializer.Serialize(regions);

    private static string Differs(string computed, string stored) =>
        $"""
        SELECT 1 FROM (
            SELECT * FROM (SELECT * FROM ({computed}) EXCEPT {stored})
            UNION ALL SELECT * FROM ({stored} EXCEPT SELECT * FROM ({computed})))
        """;
}
