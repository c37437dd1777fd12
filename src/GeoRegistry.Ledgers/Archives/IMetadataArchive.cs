namespace GeoRegistry.Ledgers.Archives;

/// <summary>A region's metadata as an archive, which any store writes and any store takes.</summary>
/// <remarks>
/// It has all that cannot be made again: what the region remembers, its ledgers with their kept commits and the places of these in
/// feeds, blob links, announcements, what is set aside, and the blobs that are awaited. It has no blobs, and no uploads in progress. How
/// often the fetch of an awaited blob has failed is not in it: it is tried anew.
/// </remarks>
public interface IMetadataArchive
{
    /// <summary>Writes all that there is as of one moment. Reads and writes go on meanwhile.</summary>
    /// <param name="output">Gets the archive in the form of <see cref="ArchiveCodec"/>.</param>
    /// <param name="cancellation">Cancels; what was written is no archive then.</param>
    /// <exception cref="InvalidDataException">A row is damaged: damage must not be copied.</exception>
    Task ExportAsync(Stream output, CancellationToken cancellation = default);

    /// <summary>Takes the records of an archive in one transaction, into a store that has nothing but its own empty feed.</summary>
    /// <param name="records">The records, read once. What their enumeration throws ends the transaction, and nothing has changed.</param>
    /// <param name="cancellation">Cancels; nothing has changed then.</param>
    /// <exception cref="InvalidDataException">
    /// The store is not empty, the archive is another region's, or its records make no sense; nothing has changed.
    /// </exception>
    Task ImportAsync(IAsyncEnumerable<ArchiveRecord> records, CancellationToken cancellation = default);

    /// <summary>Whether the store has nothing but its own empty feed.</summary>
    Task<bool> IsEmptyAsync(CancellationToken cancellation = default);
}
