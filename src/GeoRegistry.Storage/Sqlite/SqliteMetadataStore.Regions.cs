using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <inheritdoc/>
    public ValueTask<RegionRecord> ReadRecordAsync(CancellationToken cancellation = default) => Read(RegionRecordRows.Read);

    /// <inheritdoc/>
    public Task AdoptTopologyAsync(ReadOnlyMemory<byte> topology, long version, IReadOnlyList<RegionId> takeOverFrom,
        CancellationToken cancellation = default) => WriteAsync(
        session =>
        {
            RegionRecordRows.Change(session, record => record with { Topology = topology.ToArray() });
            foreach (var region in takeOverFrom) FeedRows.RequestTakeOver(session, region.ToString(), version);
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
    public ValueTask<IReadOnlyList<BlobAnnouncement>> ListAnnouncementsAsync(
        long after, int limit, CancellationToken cancellation = default) =>
        Read(session => AnnouncementRows.List(session, after, limit));

    /// <inheritdoc/>
    public ValueTask<long?> FindAnnouncementAsync(
        RepositoryName repository, Digest digest, CancellationToken cancellation = default) =>
        Read(session => AnnouncementRows.Find(session, Ledger(session, repository), digest));

    /// <inheritdoc/>
    public Task ConfirmAnnouncementAsync(
        BlobAnnouncement announcement, long? homeNumber, CancellationToken cancellation = default) => WriteAsync(
        session =>
        {
            // A newer announcement of the blob gives it its place when it is confirmed itself.
            if (AnnouncementRows.Remove(session, announcement.Id) is var (ledger, deletedBy))
                BlobLinkRows.Confirm(session, ledger, announcement.Digest, homeNumber, deletedBy);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<long> TakeAnnouncementAsync(
        RegionId from, BlobAnnouncement announcement, CancellationToken cancellation = default) => _writer.WriteAsync(
        session =>
        {
            if (AnnouncementRows.FindTaken(session, from.ToString(), announcement.Id) is { } first) return first;
            var (_, number) = LinkUpload(session, announcement.Repository, announcement.Digest, announcement.SizeBytes);
            AnnouncementRows.Take(session, from.ToString(), announcement, number);
            return number;
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask<bool> IsAnnouncementTakenAsync(RegionId from, long id, CancellationToken cancellation = default) =>
        Read(session => AnnouncementRows.FindTaken(session, from.ToString(), id) is not null);
}
