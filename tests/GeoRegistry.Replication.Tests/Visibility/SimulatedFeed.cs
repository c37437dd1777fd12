using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Visibility;

/// <summary>The feed of a simulated home: what is on its disk.</summary>
internal sealed class SimulatedFeed(TimeProvider clock) : ILedgerStore, IRegionRecord
{
    private readonly List<(FeedEntry Entry, Tag Tag)> _entries = [];

    public long Head => _entries.Count;

    public Tag TagAt(long position) => _entries[(int)position - 1].Tag;

    /// <summary>The position of a tag's last commit; 0 before the first.</summary>
    public long ValueOf(Tag tag) => _entries.FindLast(row => row.Tag == tag).Entry?.Position ?? 0;

    public long Append(RepositoryName repository, Tag tag)
    {
        var position = Head + 1;
        var commit = new Commit(
            LedgerId.Of(repository),
            1,
            position,
            clock.GetUtcNow(),
            "",
            Eu,
            [new Operation.TagSet(tag, SampleBlob.Of($"{position}").Digest)]);
        _entries.Add((new FeedEntry(position, commit.Ledger, CommitCodec.Encode(commit), default), tag));
        return position;
    }

    public ValueTask<FeedExtent> ReadFeedExtentAsync(RegionId region, CancellationToken cancellation = default) =>
        new(new FeedExtent(SampleFeed.Incarnation, 0, Head));

    public ValueTask<IReadOnlyList<FeedEntry>> ReadFeedAsync(
        FeedPosition after, int limit, CancellationToken cancellation = default) =>
        new([.. _entries.Skip((int)after.Number).Take(limit).Select(row => row.Entry)]);

    public Task<AppendOutcome> AppendAsync(LedgerHead expected, Commit commit, IReadOnlyList<MissingBlob>? missing = null,
        CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<LedgerHead> ReadHeadAsync(LedgerId ledger, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task WaitForFeedAsync(FeedPosition after, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public ValueTask<FeedPosition?> FindPositionAsync(LedgerId ledger, long number, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerHead Head)>> ListHeadsAsync(
        string? after, int limit, CancellationToken cancellation = default) => throw new NotSupportedException();

    public Task<int> PruneFeedAsync(RegionId region, long keep, long keepBytes, int limit, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public ValueTask<FeedEntry?> FindEntryAsync(FeedPosition position, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public ValueTask<AppendOutcome.Appended?> FindWriteAsync(LedgerId ledger, WriteId write, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<Incarnation> BeginIncarnationAsync(CancellationToken cancellation = default) => throw new NotSupportedException();

    /// <summary>What the home remembers.</summary>
    public RegionRecord Record { get; private set; } = new(default, TimeSpan.Zero, 0);

    public ValueTask<RegionRecord> ReadRecordAsync(CancellationToken cancellation = default) => new(Record);

    public Task SetLongestLeaseAsync(TimeSpan lease, CancellationToken cancellation = default)
    {
        Record = Record with { LongestLease = lease };
        return Task.CompletedTask;
    }

    public Task SetShownThroughAsync(long number, CancellationToken cancellation = default)
    {
        Record = Record with { ShownThrough = Math.Max(number, Record.ShownThrough) };
        return Task.CompletedTask;
    }

    public Task AdoptTopologyAsync(ReadOnlyMemory<byte> topology, long version, IReadOnlyList<RegionId> takeOverFrom,
        CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask<bool> IsTakeOverPendingAsync(RegionId source, CancellationToken cancellation = default) =>
        throw new NotSupportedException();
}
