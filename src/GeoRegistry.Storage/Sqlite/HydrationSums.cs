namespace GeoRegistry.Storage.Sqlite;

/// <summary>How much is awaited, or a change of it.</summary>
internal readonly record struct HydrationSum(long Commits, long Blobs, long Bytes, long Dead)
{
    public static HydrationSum operator +(HydrationSum one, HydrationSum other) =>
        new(one.Commits + other.Commits, one.Blobs + other.Blobs, one.Bytes + other.Bytes, one.Dead + other.Dead);

    public static HydrationSum operator -(HydrationSum sum) => new(-sum.Commits, -sum.Blobs, -sum.Bytes, -sum.Dead);
}

/// <summary>Keeps the sums of what regions and ledgers await, so that nobody has to count millions of rows to know them.</summary>
internal static class HydrationSums
{
    /// <summary>Changes a region's sum; its row goes with its last commit.</summary>
    public static void AddToRegion(SqliteSession session, string source, HydrationSum change)
    {
        session.Execute(
            """
            INSERT INTO hydration_regions (source, commits, blobs, bytes, dead) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO UPDATE SET commits = commits + $2, blobs = blobs + $3, bytes = bytes + $4, dead = dead + $5
            """,
            source, change.Commits, change.Blobs, change.Bytes, change.Dead);
        if (change.Commits < 0) session.Execute("DELETE FROM hydration_regions WHERE source = $1 AND commits = 0", source);
    }

    /// <summary>Adds to a ledger's sum what a commit awaits.</summary>
    public static void AddToLedger(SqliteSession session, long ledger, HydrationSum change, long at) =>
        session.Execute(
            """
            INSERT INTO hydration_ledgers (ledger, commits, blobs, bytes, oldest) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO UPDATE SET commits = commits + $2, blobs = blobs + $3, bytes = bytes + $4, oldest = min(oldest, $5)
            """,
            ledger, change.Commits, change.Blobs, change.Bytes, at);

    /// <summary>Changes a ledger's sum after commits of it ceased to await something; its row goes with the last.</summary>
    public static void TakeFromLedger(SqliteSession session, long ledger, HydrationSum change)
    {
        if (session.Number("SELECT min(at) FROM hydration_commits WHERE ledger = $1", ledger) is { } oldest)
        {
            session.Execute(
                "UPDATE hydration_ledgers SET commits = commits + $2, blobs = blobs + $3, bytes = bytes + $4, oldest = $5 "
                    + "WHERE ledger = $1",
                ledger, change.Commits, change.Blobs, change.Bytes, oldest);
        }
        else
        {
            session.Execute("DELETE FROM hydration_ledgers WHERE ledger = $1", ledger);
        }
    }

    /// <summary>Changes the count of dead letters in each region that awaits a blob.</summary>
    public static void AddDead(SqliteSession session, long blob, long change)
    {
        if (change == 0) return;
        for (var source = NextSource(session, blob, ""); source is not null; source = NextSource(session, blob, source))
            session.Execute("UPDATE hydration_regions SET dead = dead + $2 WHERE source = $1", source, change);
    }

    /// <summary>Goes from source to source: a blob may have millions of rows, but only of a few regions.</summary>
    private static string? NextSource(SqliteSession session, long blob, string after)
    {
        using var row = session.Query(
            "SELECT source FROM hydration_waits WHERE blob = $1 AND source > $2 ORDER BY source LIMIT 1", blob, after);
        return row.Read() ? row.GetString(0) : null;
    }
}
