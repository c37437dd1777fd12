using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;

namespace GeoRegistry.Server.Maintenance;

/// <summary>Restores a region's metadata from a backup, into stores that are empty.</summary>
internal static class Restore
{
    /// <summary>Restores.</summary>
    /// <exception cref="InvalidDataException">The backup is damaged or another region's, or the metadata store is not empty.</exception>
    public static async Task<RestoreReport> RunAsync(
        RegionStores stores, string file, MaintenanceOutput output, CancellationToken cancellation)
    {
        output.Say($"checking {file}");
        var summary = await Archives.CheckAsync(file, cancellation);
        output.Say($"the backup is of region {summary.Header.Region} at {summary.Header.At:u}: {summary}");
        ArchiveFaults.ThrowUnlessOf(summary.Header.Region, stores.Region);
        if (!await stores.Metadata.IsEmptyAsync(cancellation))
            throw new InvalidDataException(
                $"Region {stores.Region} is not empty: a backup is restored into an empty region only. Move its metadata away first "
                    + "(metadata.db* in the data folder, or the schema in PostgreSQL); blobs may stay.");

        var incarnation = Incarnation.New();
        var archive = Archives.Open(file);
        await using (archive)
        {
            var read = 0L;
            await stores.Metadata.ImportAsync(
                RestoredArchive.Of(
                    ArchiveReader.ReadAsync(archive, cancellation).Select(record =>
                    {
                        read++;
                        output.Progress(() => $"metadata: {read} records, {archive.Position} of {archive.Length} bytes");
                        return record;
                    }),
                    incarnation,
                    cancellation),
                cancellation);
        }

        output.Say($"metadata restored; the feed of {stores.Region} goes on under the incarnation {incarnation}");
        var missing = await BlobReferences.FindMissingAsync(file, summary.BlobLinks, stores.Blobs, output, cancellation);
        output.Say(missing.Count == 0
            ? "references: all blobs that the backup names are stored"
            : $"references: {missing.Count} blobs that the backup names are not stored here; the region fetches them from the others");
        output.Say(
            $"Now start region {stores.Region}. If it is the home of repositories, it asks the other regions how far they follow it, and "
                + "refuses writes until "
                + $"'georegistry region resume {stores.Region}' has brought back what they have and the backup has not.");
        return new RestoreReport(
            $"{stores.Region}", summary.Header.At, $"{incarnation}", MetadataReport.Of(summary), missing.Count);
    }
}
