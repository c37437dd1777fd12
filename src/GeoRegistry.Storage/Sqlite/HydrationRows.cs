using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Puts blobs into the hydration queue and takes them out, with the commits that await them and their sums.</summary>
internal static class HydrationRows
{
    /// <summary>Queues blobs for a commit that awaits them.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="source">The region whose feed has the commit.</param>
    /// <param name="position">Its place there.</param>
    /// <param name="ledger">The commit's ledger.</param>
    /// <param name="at">When it was made, in milliseconds.</param>
    /// <param name="missing">The blobs.</param>
    public static void Queue(SqliteSession session, string source, long position, long ledger, long at, IReadOnlyList<MissingBlob> missing)
    {
        var (awaited, ofSource, ofLedger) = (0L, default(HydrationSum), default(HydrationSum));
        foreach (var blob in missing)
        {
            var (id, sum) = FindOrAdd(session, blob, ledger, at);
            var isNewToSource = session.Number(
                "SELECT 1 FROM hydration_waits WHERE blob = $1 AND source = $2 LIMIT 1", id, source) is null;
            var isNewToLedger = session.Number(
                "SELECT 1 FROM hydration_waits WHERE blob = $1 AND ledger = $2 LIMIT 1", id, ledger) is null;
            if (session.Execute(
                "INSERT OR IGNORE INTO hydration_waits (blob, source, position, ledger) VALUES ($1, $2, $3, $4)",
                id, source, position, ledger) == 0) continue;
            awaited++;
            if (isNewToSource) ofSource += sum;
            if (isNewToLedger) ofLedger += sum;
        }

        if (awaited == 0) return;
        if (session.Execute(
            "UPDATE hydration_commits SET blobs = blobs + $4, at = min(at, $5) WHERE source = $1 AND position = $2 AND ledger = $3",
            source, position, ledger, awaited, at) == 0)
        {
            session.Execute("INSERT INTO hydration_commits (source, position, ledger, at, blobs) VALUES ($1, $2, $3, $4, $5)", source,
                position, ledger, at, awaited);
            (ofSource, ofLedger) = (ofSource with { Commits = 1 }, ofLedger with { Commits = 1 });
        }

        HydrationSums.AddToRegion(session, source, ofSource);
        HydrationSums.AddToLedger(session, ledger, ofLedger, at);
    }

    /// <summary>Takes a blob out.</summary>
    /// <returns>The commits that awaited nothing else.</returns>
    public static IReadOnlyList<PendingCommit> Complete(SqliteSession session, Digest digest)
    {
        return Find(session, digest) is var (id, sum) ? TakeOut(session, id, sum) : [];
    }

    /// <summary>Takes out a blob that no repository which awaits it has any more.</summary>
    public static void Drop(SqliteSession session, long id)
    {
        var sum = session.List(
            row => new HydrationSum(0, 1, row.GetInt64(0), row.GetInt64(1)), "SELECT size, dead FROM hydration WHERE id = $1", id);
        if (sum.Count > 0) TakeOut(session, id, sum[0]);
    }

    private static List<PendingCommit> TakeOut(SqliteSession session, long id, HydrationSum sum)
    {
        var waits = session.List(
            row => (Source: row.GetString(0), Position: row.GetInt64(1), Ledger: row.GetInt64(2)),
            "SELECT source, position, ledger FROM hydration_waits WHERE blob = $1 ORDER BY source, position", id);
        session.Execute("DELETE FROM hydration_waits WHERE blob = $1", id);
        session.Execute("DELETE FROM hydration WHERE id = $1", id);
        var completed = new List<PendingCommit>();
        var ofSources = waits.Select(wait => wait.Source).Distinct().ToDictionary(source => source, _ => -sum);
        var ofLedgers = waits.Select(wait => wait.Ledger).Distinct().ToDictionary(ledger => ledger, _ => -sum);
        foreach (var (source, position, ledger) in waits)
        {
            if (session.Number(
                "UPDATE hydration_commits SET blobs = blobs - 1 WHERE source = $1 AND position = $2 AND ledger = $3 RETURNING blobs",
                source, position, ledger) > 0) continue;
            var at = session.Number(
                "DELETE FROM hydration_commits WHERE source = $1 AND position = $2 AND ledger = $3 RETURNING at",
                source, position, ledger)!.Value;
            ofSources[source] = ofSources[source] with { Commits = ofSources[source].Commits - 1 };
            ofLedgers[ledger] = ofLedgers[ledger] with { Commits = ofLedgers[ledger].Commits - 1 };
            if (!IsAwaiting(session, source, position, position))
                completed.Add(new PendingCommit(
                    new FeedPosition(RegionId.Parse(source), FeedRows.Incarnation(session, source), position),
                    DateTimeOffset.FromUnixTimeMilliseconds(at)));
        }

        foreach (var (source, change) in ofSources) HydrationSums.AddToRegion(session, source, change);
        foreach (var (ledger, change) in ofLedgers) HydrationSums.TakeFromLedger(session, ledger, change);
        return completed;
    }

    /// <summary>Whether a commit at one of these positions awaits a blob.</summary>
    public static bool IsAwaiting(SqliteSession session, string source, long first, long last) =>
        session.Number("SELECT 1 FROM hydration_commits WHERE source = $1 AND position >= $2 AND position <= $3 LIMIT 1",
            source, first, last) is not null;

    /// <summary>Whether a ledger's commit, or the snapshot that covers it, awaits nothing.</summary>
    public static bool IsComplete(SqliteSession session, long ledger, string source, long position)
    {
        var snapshot = session.Number("SELECT snapshot FROM feeds WHERE region = $1", source) ?? 0;
        return session.Number(
            "SELECT 1 FROM hydration_commits "
                + "WHERE source = $1 AND ledger = $2 AND (position = $3 OR (position <= $4 AND $3 <= $4)) LIMIT 1",
            source, ledger, position, snapshot) is null;
    }

    /// <summary>Notes a failure of a blob, if it is queued.</summary>
    /// <param name="session">The writer's.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="error">Why.</param>
    /// <param name="notBefore">When to try again, in milliseconds; null makes it a dead letter.</param>
    /// <param name="attempts">How many attempts it counts as.</param>
    public static void Defer(SqliteSession session, Digest digest, string error, long? notBefore, int attempts)
    {
        if (Find(session, digest) is not var (id, sum)) return;
        var dead = notBefore is null ? 1L : 0;
        session.Execute(
            "UPDATE hydration SET attempts = attempts + $2, error = $3, not_before = $4, dead = $5 WHERE id = $1",
            id, (long)attempts, error, Math.Max(notBefore ?? 1, 1), dead);
        HydrationSums.AddDead(session, id, dead - sum.Dead);
    }

    /// <summary>Forgets the failures of a blob.</summary>
    public static int Retry(SqliteSession session, Digest digest)
    {
        if (Find(session, digest) is not var (id, sum)) return 0;
        Requeue(session, id, sum.Dead);
        return 1;
    }

    /// <summary>Forgets the failures of some dead letters, then of some blobs that were deferred.</summary>
    /// <returns>How many; fewer than the limit where none is left.</returns>
    public static int RetrySome(SqliteSession session, int limit)
    {
        var blobs = session.List(
            row => (Id: row.GetInt64(0), Dead: 1L),
            "SELECT id FROM hydration INDEXED BY hydration_lists WHERE dead = 1 LIMIT $1",
            (long)limit);
        for (var origin = NextOrigin(session, ""); origin is not null && blobs.Count < limit; origin = NextOrigin(session, origin))
        {
            blobs.AddRange(session.List(
                row => (Id: row.GetInt64(0), Dead: 0L),
                "SELECT id FROM hydration INDEXED BY hydration_ready WHERE origin = $1 AND dead = 0 AND not_before > 0 LIMIT $2",
                origin, (long)(limit - blobs.Count)));
        }

        foreach (var (id, dead) in blobs) Requeue(session, id, dead);
        return blobs.Count;
    }

    /// <summary>Whether a blob is queued.</summary>
    public static bool IsQueued(SqliteSession session, Digest digest) => Find(session, digest) is not null;

    // From region to region: a region may have millions of rows.
    private static string? NextOrigin(SqliteSession session, string after)
    {
        using var row = session.Query(
            "SELECT origin FROM hydration INDEXED BY hydration_ready WHERE dead = 0 AND origin > $1 ORDER BY origin LIMIT 1", after);
        if (!row.Read()) return null;
        var next = row.GetString(0);
        return next == after ? null : next; // A damaged name reads as another than it is stored, and would come again.
    }

    /// <summary>A blob's row, and what it counts for.</summary>
    private static (long Id, HydrationSum Sum)? Find(SqliteSession session, Digest digest)
    {
        using var row = session.Query("SELECT id, size, dead FROM hydration WHERE digest = $1", digest.ToKey());
        return row.Read() ? (row.GetInt64(0), new HydrationSum(0, 1, row.GetInt64(1), row.GetInt64(2))) : null;
    }

    private static void Requeue(SqliteSession session, long id, long dead)
    {
        HydrationSums.AddDead(session, id, -dead);
        session.Execute("UPDATE hydration SET attempts = 0, error = NULL, not_before = 0, dead = 0 WHERE id = $1", id);
    }

    private static (long Id, HydrationSum Sum) FindOrAdd(SqliteSession session, MissingBlob blob, long ledger, long at)
    {
        if (Find(session, blob.Digest) is var (known, sum))
        {
            // Whoever names it now has it.
            session.Execute(
                "UPDATE hydration SET since = min(since, $2), attempts = 0 WHERE id = $1 AND (since > $2 OR attempts > 0)", known, at);
            if (sum.Dead == 0) return (known, sum);
            Requeue(session, known, sum.Dead);
            return (known, sum with { Dead = 0 });
        }

        var id = session.Number(
            """
            INSERT INTO hydration (digest, size, origin, ledger, since, attempts, not_before, dead, error)
            VALUES ($1, $2, $3, $4, $5, 0, 0, 0, NULL) RETURNING id
            """,
            blob.Digest.ToKey(), blob.SizeBytes, blob.From.ToString(), ledger, at)!.Value;
        return (id, new HydrationSum(0, 1, blob.SizeBytes, 0));
    }
}
