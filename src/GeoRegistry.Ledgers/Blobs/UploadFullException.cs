namespace GeoRegistry.Ledgers.Blobs;

/// <summary>An upload has as many parts as its store allows. What was flushed of it stays.</summary>
public sealed class UploadFullException : IOException
{
    /// <summary>An upload that takes no more parts.</summary>
    /// <param name="maxParts">How many an upload may have.</param>
    public UploadFullException(int maxParts)
        : base($"The upload has {maxParts} parts, as many as the storage allows: begin another, and send it in larger ones.")
    {
    }
}
