namespace GeoRegistry.Ledgers.Blobs;

/// <summary>
/// Whoever asked no longer holds the upload: it was resumed by another caller or on another machine, or has ended there. The call
/// changed nothing.
/// </summary>
public sealed class UploadTakenOverException : IOException
{
    /// <summary>A call by an earlier holder.</summary>
    /// <param name="key">The upload.</param>
    /// <param name="cause">What the store reported; null where it knows by itself.</param>
    public UploadTakenOverException(string key, Exception? cause = null)
        : base($"The upload {key} was resumed elsewhere, or has ended: its earlier holder can no longer change it.", cause)
    {
    }
}
