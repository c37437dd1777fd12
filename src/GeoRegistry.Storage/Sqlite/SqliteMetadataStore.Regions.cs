using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <inheritdoc/>
    public ValueTask<RegionRecord> ReadRecordAsync(CancellationToken cancellation = default) => Read(RegionRecordRows.Read);

    /// <inheritdoc/>
    public Task AdoptTopologyAsync(ReadOnlyMemory<byte> topology, IReadOnlyList<RegionId> takeOverFrom,
        CancellationToken cancellation = default) => WriteAsync(
        session =>
        {
            RegionRecordRows.Change(session, record => record with { Topology = topology.ToArray() });
            foreach (var region in takeOverFrom) FeedRows.SetTakeOver(session, region.ToString(), isPending: true);
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask<bool> IsTakeOverPendingAsync(RegionId source, CancellationToken cancellation = default) =>
        Read(session => FeedRows.IsTakeOverPending(session, source.ToString()));

    /// <inheritdoc/>
    public Task SetLongestLeaseAsync(TimeSpan lease, CancellationToken cancellation = default) => WriteAsync(
        session => RegionRecordRows.Change(
            session, record => record with { LongestLease = TimeSpan.FromMilliseconds(Math.Ceiling(lease.TotalMilliseconds)) }),
        cancellation);

    /// <inheritdoc/>
    public Task SetShownThroughAsync(long number, CancellationToken cancellation = default) => WriteAsync(
        session => RegionRecordRows.Change(
            session, record => record with { ShownThrough = Math.Max(record.ShownThrough, number) }),
        cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<BlobAnnouncement>> ListAnnouncementsAsync(int limit, CancellationToken cancellation = default) =>
        Read(session => AnnouncementRows.List(session, limit));

    /// <inheritdoc/>
    public Task ConfirmAnnouncementAsync(RepositoryName repository, Digest digest, long homeNumber,
        CancellationToken cancellation = default) => WriteAsync(
        session => BlobLinkRows.Confirm(session, Ledger(session, repository), digest, homeNumber), cancellation);
}
