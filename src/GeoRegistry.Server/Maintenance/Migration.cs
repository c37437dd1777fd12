using GeoRegistry.Ledgers.Archives;

namespace GeoRegistry.Server.Maintenance;

/// <summary>Moves a region from the stores of one configuration to those of another: blobs, then metadata in one transaction.</summary>
/// <remarks>
/// The source is only read. A target without metadata is gone on with; its metadata comes last, so that a target that has it is whole.
/// The incarnation stays: nothing is lost.
/// </remarks>
internal sealed class Migration(RegionStores from, RegionStores to, MaintenanceOutput output)
{
    /// <returns>What was moved; null where blobs are damaged, which standard error names then.</returns>
    /// <exception cref="InvalidDataException">The source has nothing or is in use, or the target has something else.</exception>
    public async Task<MigrationReport?> RunAsync(bool movesBlobs, bool movesMetadata, CancellationToken cancellation)
    {
        if (await from.Metadata.IsEmptyAsync(cancellation))
            throw new InvalidDataException($"The source has no metadata of region {from.Region}: there is nothing to move.");
        output.Say("reading the source's metadata");
        var file = Path.Combine(to.Folder.Spool.FullPath, "source.archive");
        var source = await Archives.ExportAsync(from.Metadata, file, cancellation);
        output.Say($"metadata: {source}");
        var isMoved = !movesMetadata || !await to.Metadata.IsEmptyAsync(cancellation);
        if (isMoved)
            await CompareAsync(
                to, source, target => $"The target has other metadata ({target}): name an empty one, or empty it.", cancellation);
        var blobs = movesBlobs ? new BlobMigration(from.Blobs, to.Blobs, output) : null;
        if (blobs is not null && !await MoveBlobsAsync(blobs, cancellation)) return null;
        var missing = await CheckReferencesAsync(file, source, cancellation);
        if (!isMoved) await ImportAsync(file, cancellation);
        await CompareAsync(to, source, target => $"The target's metadata is not what was moved there: it has {target}.", cancellation);
        await CompareAsync(
            from, source, _ => "The source changed meanwhile: a server of the region runs on it. Stop it, empty the target's metadata "
                + "store, and migrate again.", cancellation);
        File.Delete(file);
        output.Say($"verified: the target's metadata has the checksum of the source's ({source.Contents})");
        return new MigrationReport(
            $"{to.Region}", MetadataReport.Of(source), blobs?.Count ?? 0, blobs?.Bytes ?? 0, blobs?.Copied ?? 0, missing);
    }

    private async Task<bool> MoveBlobsAsync(BlobMigration blobs, CancellationToken cancellation)
    {
        await blobs.CheckTargetAsync(cancellation);
        var damaged = await blobs.RunAsync(cancellation);
        foreach (var digest in damaged) output.Say($"{digest} is damaged in the source, and was not copied.");
        if (damaged.Count > 0)
            output.Say(
                "Metadata was not moved. Start the region on the source, run 'georegistry verify --repair', which fetches these blobs "
                    + "from other regions or sets them aside, and migrate again.");
        return damaged.Count == 0;
    }

    private async Task<long> CheckReferencesAsync(string file, ArchiveSummary source, CancellationToken cancellation)
    {
        var missing = await BlobReferences.FindMissingAsync(file, source.BlobLinks, to.Blobs, output, cancellation);
        foreach (var some in missing.Chunk(1000))
        {
            var lost = (await from.Blobs.StatManyAsync(some, cancellation)).Keys.ToList();
            if (lost.Count > 0) throw new InvalidDataException($"The target lost {lost[0]}, which was copied there: migrate again.");
        }

        output.Say(missing.Count == 0
            ? "references: all blobs that metadata names are in the target"
            : $"references: {missing.Count} blobs that metadata names are in neither store; the region fetches them from the others");
        return missing.Count;
    }

    private async Task ImportAsync(string file, CancellationToken cancellation)
    {
        var archive = Archives.Open(file);
        await using (archive)
        {
            await to.Metadata.ImportAsync(
                ArchiveReader.ReadAsync(archive, cancellation).Select(record =>
                {
                    output.Progress(() => $"metadata: {archive.Position} of {archive.Length} bytes");
                    return record;
                }),
                cancellation);
        }
    }

    private async Task CompareAsync(
        RegionStores stores, ArchiveSummary source, Func<ArchiveSummary, string> fault, CancellationToken cancellation)
    {
        var file = Path.Combine(to.Folder.Spool.FullPath, "compared.archive");
        var found = await Archives.ExportAsync(stores.Metadata, file, cancellation);
        File.Delete(file);
        if (found.Contents != source.Contents) throw new InvalidDataException(fault(found));
    }
}
