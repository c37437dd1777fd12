using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Server.Maintenance;

/// <summary>Looks in a blob store for all blobs that an archive's metadata names.</summary>
internal static class BlobReferences
{
    private const int StatBatch = 1000;

    /// <summary>Looks for them.</summary>
    /// <param name="file">The archive.</param>
    /// <param name="links">How many links it has, for the progress.</param>
    /// <param name="blobs">The store.</param>
    /// <param name="output">Gets the progress.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>Those that are not there.</returns>
    public static async Task<IReadOnlyCollection<Digest>> FindMissingAsync(
        string file, long links, IBlobStore blobs, MaintenanceOutput output, CancellationToken cancellation)
    {
        var (missing, looked) = (new HashSet<Digest>(), 0L);
        var archive = Archives.Open(file);
        await using (archive)
        {
            var named = ArchiveReader.ReadAsync(archive, cancellation).OfType<ArchiveRecord.OfBlob>().Select(blob => blob.Digest);
            await foreach (var some in named.Chunk(StatBatch).WithCancellation(cancellation))
            {
                Digest[] distinct = [.. some.Distinct()];
                var found = await blobs.StatManyAsync(distinct, cancellation);
                missing.UnionWith(distinct.Where(digest => !found.ContainsKey(digest)));
                looked += some.Length;
                output.Progress(() => $"references: looked for {looked} of {links} blobs that metadata names");
            }
        }

        return missing;
    }
}
