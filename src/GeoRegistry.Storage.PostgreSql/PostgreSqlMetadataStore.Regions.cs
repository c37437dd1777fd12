using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;
using NpgsqlTypes;

namespace GeoRegistry.Storage.PostgreSql;

public sealed partial class PostgreSqlMetadataStore
{
    private const string AnnouncementColumns =
        "id, digest, size, (SELECT name FROM ledgers WHERE ledgers.id = announcements.ledger), (SELECT min(id) FROM announcements)";

    /// <inheritdoc/>
    public async ValueTask<RegionRecord> ReadRecordAsync(CancellationToken cancellation = default)
    {
        var found = await ListAsync(
            row => new RegionRecord(row.GetBytes(0), TimeSpan.FromMilliseconds(row.GetInt64(1)), row.GetInt64(2)),
            "SELECT topology, longest_lease, shown_through FROM region_record", [], cancellation).ConfigureAwait(false);
        return found[0];
    }

    /// <inheritdoc/>
    public Task AdoptTopologyAsync(ReadOnlyMemory<byte> topology, long version, IReadOnlyList<RegionId> takeOverFrom,
        CancellationToken cancellation = default) => WriteAsync(
        batch =>
        {
            batch.Execute("UPDATE region_record SET topology = $1", topology.ToArray());
            if (takeOverFrom.Count > 0) batch.Execute(
                """
                INSERT INTO feeds (region, take_over) SELECT region, $2 FROM unnest($1) AS asked (region)
                ON CONFLICT (region) DO UPDATE SET take_over = excluded.take_over
                """,
                takeOverFrom.Select(region => region.ToString()).ToArray(), version);
        },
        cancellation);

    /// <inheritdoc/>
    public async ValueTask<bool> IsTakeOverPendingAsync(RegionId source, CancellationToken cancellation = default) => await FindAsync(
        row => row.GetInt64(0), "SELECT take_over FROM feeds WHERE region = $1 AND take_over > 0", [source.ToString()], cancellation)
        .ConfigureAwait(false) is not null;

    /// <inheritdoc/>
    public Task SetLongestLeaseAsync(TimeSpan lease, CancellationToken cancellation = default) => WriteAsync(
        batch => batch.Execute("UPDATE region_record SET longest_lease = $1", (long)Math.Ceiling(lease.TotalMilliseconds)), cancellation);

    /// <inheritdoc/>
    public Task SetShownThroughAsync(long number, CancellationToken cancellation = default) => WriteAsync(
        batch => batch.Execute("UPDATE region_record SET shown_through = greatest(shown_through, $1)", number), cancellation);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<BlobAnnouncement>> ListAnnouncementsAsync(
        long after, int limit, CancellationToken cancellation = default) => ListAsync(
        row => new BlobAnnouncement(
            RepositoryName.Parse(row.GetString(3)), DigestKeys.FromKey(row.GetBytes(1)), row.GetInt64(2), row.GetInt64(0),
            row.GetInt64(4)),
        $"SELECT {AnnouncementColumns} FROM announcements WHERE id > $1 ORDER BY id LIMIT $2", [after, limit], cancellation);

    /// <inheritdoc/>
    public ValueTask<long?> FindAnnouncementAsync(
        RepositoryName repository, Digest digest, CancellationToken cancellation = default) => FindAsync(
        row => row.GetInt64(0), $"SELECT id FROM announcements WHERE ledger = {LedgerRows.Id} AND digest = $3",
        Values(repository, digest.ToKey()), cancellation);

    /// <inheritdoc/>
    /// <remarks>A newer announcement of the blob gives it its place when it is confirmed itself.</remarks>
    public Task ConfirmAnnouncementAsync(
        BlobAnnouncement announcement, long? homeNumber, CancellationToken cancellation = default) => WriteAsync(
        batch => batch.Call(
            "SELECT confirm_announcement($1, $2)", announcement.Id,
            new NpgsqlParameter<long?> { TypedValue = homeNumber, NpgsqlDbType = NpgsqlDbType.Bigint }),
        cancellation);

    /// <inheritdoc/>
    public Task<long> TakeAnnouncementAsync(
        RegionId from, BlobAnnouncement announcement, CancellationToken cancellation = default) => WriteNumberAsync(
        "SELECT take_announcement($1, $2, $3, $4, $5, $6)",
        [
            from.ToString(), announcement.Id, announcement.FirstId, announcement.Repository.ToString(), announcement.Digest.ToKey(),
            announcement.SizeBytes,
        ],
        cancellation);

    /// <inheritdoc/>
    public async ValueTask<bool> IsAnnouncementTakenAsync(RegionId from, long id, CancellationToken cancellation = default) =>
        await FindAsync(
            row => row.GetInt64(0), "SELECT number FROM taken_announcement($1, $2) AS number WHERE number IS NOT NULL",
            [from.ToString(), id], cancellation).ConfigureAwait(false) is not null;
}
