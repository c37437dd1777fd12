using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    private const string PositionColumns = "region, (SELECT incarnation FROM feeds WHERE feeds.region = commits.region), position";

    /// <inheritdoc/>
    public async Task<AppendOutcome> AppendAsync(
        LedgerHead expected, Commit commit, IReadOnlyList<MissingBlob>? missing = null, CancellationToken cancellation = default)
    {
        if (commit.Number != expected.Number + 1)
            throw new ArgumentException($"Commit {commit.Number} cannot follow {expected.Number}.", nameof(commit));
        var encoded = CommitCodec.Encode(commit);
        var next = expected.After(commit.Epoch, encoded);
        var outcome = await _writer.WriteAsync(
            session => CommitApplication.Append(session, expected, commit, encoded, next, missing ?? []),
            cancellation).ConfigureAwait(false);
        if (outcome is AppendOutcome.Appended appended) EndOf(commit.Region).Advance(appended.Position.Number);
        return outcome;
    }

    /// <inheritdoc/>
    public ValueTask<LedgerHead> ReadHeadAsync(LedgerId ledger, CancellationToken cancellation = default) =>
        Read(session => LedgerRows.Find(session, ledger).State.Head);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<FeedEntry>> ReadFeedAsync(
        FeedPosition after, int limit, CancellationToken cancellation = default) =>
        new(_readers.ReadOneMoment(session =>
            FeedRows.Has(session, after) ? FeedRows.Read(session, after.Region.ToString(), after.Number, limit) : []));

    /// <inheritdoc/>
    public ValueTask<FeedExtent> ReadFeedExtentAsync(RegionId region, CancellationToken cancellation = default) =>
        new(_readers.ReadOneMoment(session => new FeedExtent(
            FeedRows.Incarnation(session, region.ToString()),
            FeedRows.Pruned(session, region.ToString()),
            FeedRows.Head(session, region.ToString()))));

    /// <inheritdoc/>
    public Task WaitForFeedAsync(FeedPosition after, CancellationToken cancellation = default) =>
        EndOf(after.Region).WaitForAsync(after.Number + 1, cancellation);

    /// <inheritdoc/>
    public ValueTask<AppendOutcome.Appended?> FindWriteAsync(LedgerId ledger, WriteId write, CancellationToken cancellation = default) =>
        Read<AppendOutcome.Appended?>(session =>
        {
            using var row = session.Query(
                $"SELECT {PositionColumns}, number, checksum, encoded FROM commits "
                    + "WHERE ledger = (SELECT id FROM ledgers WHERE kind = $1 AND name = $2) AND write_id = $3",
                (long)ledger.Kind, ledger.Name, write.ToBytes());
            if (!row.Read()) return null;
            var epoch = CommitCodec.Decode(row.GetBytes(5)).Epoch;
            return new AppendOutcome.Appended(new LedgerHead(epoch, row.GetInt64(3), row.GetBytes(4)), Position(row));
        });

    /// <inheritdoc/>
    public ValueTask<FeedEntry?> FindEntryAsync(FeedPosition position, CancellationToken cancellation = default) =>
        new(_readers.ReadOneMoment(session =>
            FeedRows.Has(session, position) ? FeedRows.Find(session, position.Region.ToString(), position.Number) : null));

    /// <inheritdoc/>
    public ValueTask<FeedPosition?> FindPositionAsync(LedgerId ledger, long number, CancellationToken cancellation = default) =>
        Read<FeedPosition?>(session =>
        {
            using var row = session.Query(
                $"SELECT {PositionColumns} FROM commits "
                    + "WHERE ledger = (SELECT id FROM ledgers WHERE kind = $1 AND name = $2) AND number = $3",
                (long)ledger.Kind, ledger.Name, number);
            return row.Read() ? Position(row) : null;
        });

    /// <inheritdoc/>
    public async Task<Incarnation> BeginIncarnationAsync(CancellationToken cancellation = default)
    {
        var incarnation = Incarnation.New();
        await WriteAsync(session => FeedRows.SetIncarnation(session, _region.ToString(), incarnation), cancellation).ConfigureAwait(false);
        return incarnation;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerHead Head)>> ListHeadsAsync(
        string? after, int limit, CancellationToken cancellation = default) =>
        Read<IReadOnlyList<(LedgerId Ledger, LedgerHead Head)>>(session => session.List(
            row => (
                new LedgerId(LedgerKind.Repository, row.GetString(0)),
                new LedgerHead(row.GetInt64(1), row.GetInt64(2), row.GetBytes(3))),
            """
            SELECT name, epoch, number, checksum FROM ledgers INDEXED BY repositories
            WHERE kind = 1 AND number > 0 AND name > $1 ORDER BY name LIMIT $2
            """,
            after ?? "", (long)limit));

    /// <inheritdoc/>
    public Task<int> PruneFeedAsync(RegionId region, long keep, long keepBytes, int limit, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        ArgumentOutOfRangeException.ThrowIfNegative(keepBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return _writer.WriteAsync(session => FeedRows.Prune(session, region.ToString(), keep, keepBytes, limit), cancellation);
    }

    private static FeedPosition Position(SqliteStatement row) =>
        new(RegionId.Parse(row.GetString(0)), Incarnation.Parse(row.GetString(1)), row.GetInt64(2));

    /// <summary>Where a region's feed ends: read once, then as it is appended to.</summary>
    private PositionSignal EndOf(RegionId region) =>
        _feeds.GetOrAdd(region, id => new PositionSignal(_readers.Read(session => FeedRows.Head(session, id.ToString()))));
}
