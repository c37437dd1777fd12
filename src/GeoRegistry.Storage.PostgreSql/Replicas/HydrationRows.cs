using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.PostgreSql.Connections;

namespace GeoRegistry.Storage.PostgreSql.Replicas;

/// <summary>Puts blobs into the hydration queue.</summary>
internal static class HydrationRows
{
    /// <summary>Queues blobs for a commit that awaits them.</summary>
    /// <param name="batch">Gets the statement.</param>
    /// <param name="source">The region whose feed has the commit.</param>
    /// <param name="position">Its place there.</param>
    /// <param name="ledger">The commit's ledger.</param>
    /// <param name="at">When it was made, in milliseconds.</param>
    /// <param name="missing">The blobs.</param>
    public static void Queue(
        StatementBatch batch, RegionId source, long position, long ledger, long at, IReadOnlyList<MissingBlob> missing)
    {
        if (missing.Count > 0) batch.Call(
            "SELECT hydration_queue($1, $2, $3, $4, $5, $6, $7)",
            [source.ToString(), position, ledger, at, .. Columns(missing)]);
    }

    /// <summary>The digests, sizes and origins of blobs, as the function <c>hydration_queue</c> takes them.</summary>
    public static object[] Columns(IReadOnlyList<MissingBlob> missing) =>
    [
        missing.Select(blob => blob.Digest.ToKey()).ToArray(),
        missing.Select(blob => blob.SizeBytes).ToArray(),
        missing.Select(blob => blob.From.ToString()).ToArray(),
    ];
}
