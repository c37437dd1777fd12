using GeoRegistry.Ledgers.Archives;

namespace GeoRegistry.Storage.Sqlite;

public sealed partial class SqliteMetadataStore
{
    /// <inheritdoc/>
    public Task ExportAsync(Stream output, CancellationToken cancellation = default) => _readers.ReadOneMomentAsync(async session =>
    {
        using var writer = new ArchiveWriter(output);
        using var records = ArchiveRows.Read(session, _region, _time.GetUtcNow()).GetEnumerator();
        while (Next(records) is { } record) await writer.WriteAsync(record, cancellation).ConfigureAwait(false);
        await writer.EndAsync(cancellation).ConfigureAwait(false);
        return true;
    });

    /// <inheritdoc/>
    public Task ImportAsync(IAsyncEnumerable<ArchiveRecord> records, CancellationToken cancellation = default) => WriteAsync(
        session =>
        {
            if (!ArchiveImport.IsEmpty(session, _region)) throw ArchiveFaults.NotEmpty(_region);
            var import = new ArchiveImport(session, _region);

            // On the writer's own thread, which has nothing else to do within a transaction.
            foreach (var record in records.ToBlockingEnumerable(cancellation)) import.Add(record);
            import.End();
        },
        cancellation);

    /// <inheritdoc/>
    public Task<bool> IsEmptyAsync(CancellationToken cancellation = default) =>
        Read(session => ArchiveImport.IsEmpty(session, _region)).AsTask();

    private static ArchiveRecord? Next(IEnumerator<ArchiveRecord> records)
    {
        try
        {
            return records.MoveNext() ? records.Current : null;
        }
        catch (Exception e) when (StoreFaults.IsDamage(e))
        {
            throw new InvalidDataException($"The metadata is damaged and cannot be copied: {e.Message}", e);
        }
    }
}
