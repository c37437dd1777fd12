using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <inheritdoc/>
    public ValueTask<RegionRecord> ReadRecordAsync(CancellationToken cancellation = default) => Read(session =>
    {
        using var row = session.Query("SELECT topology, longest_lease, shown_through FROM region_record WHERE id = 1");
        row.Read();
        return new RegionRecord(row.GetFieldValue<byte[]>(0), TimeSpan.FromMilliseconds(row.GetInt64(1)), row.GetInt64(2));
    });

    /// <inheritdoc/>
    public Task AdoptTopologyAsync(ReadOnlyMemory<byte> topology, IReadOnlyList<RegionId> takeOverFrom,
        CancellationToken cancellation = default) => WriteAsync(
        session =>
        {
            session.Execute("UPDATE region_record SET topology = $1 WHERE id = 1", topology.ToArray());
            foreach (var region in takeOverFrom) FeedRows.SetTakeOver(session, region.ToString(), isPending: true);
        },
        cancellation);

    /// <inheritdoc/>
    public ValueTask<bool> IsTakeOverPendingAsync(RegionId source, CancellationToken cancellation = default) =>
        Read(session => FeedRows.IsTakeOverPending(session, source.ToString()));

    /// <inheritdoc/>
    public Task SetLongestLeaseAsync(TimeSpan lease, CancellationToken cancellation = default) => WriteAsync(
        session => session.Execute("UPDATE region_record SET longest_lease = $1 WHERE id = 1", (long)Math.Ceiling(lease.TotalMilliseconds)), cancellation);

    /// <inheritdoc/>
    public Task SetShownThroughAsync(long number, CancellationToken cancellation = default) => WriteAsync(
        session => session.Execute("UPDATE region_record SET shown_through = $1 WHERE id = 1 AND shown_through < $1", number), cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<BlobAnnouncement>> ListAnnouncementsAsync(int limit, CancellationToken cancellation = default) =>
        Read<IReadOnlyList<BlobAnnouncement>>(session => session.List(
            row => new BlobAnnouncement(RepositoryName.Parse(row.GetString(0)), DigestKeys.FromKey(row.GetFieldValue<byte[]>(1)), row.GetInt64(2)),
            "SELECT (SELECT name FROM ledgers WHERE ledgers.id = announcements.ledger), digest, size FROM announcements WHERE ledger > 0 LIMIT $1", (long)limit));

    /// <inheritdoc/>
    public Task ConfirmAnnouncementAsync(RepositoryName repository, Digest digest, long homeNumber,
        CancellationToken cancellation = default) => WriteAsync(
        session => BlobLinkRows.Confirm(session, Ledger(session, repository), digest, homeNumber), cancellation);
}
