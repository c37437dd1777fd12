namespace GeoRegistry.Protocol.Manifests;

/// <summary>The result of reading a manifest: the manifest, or why it was rejected.</summary>
public abstract record ManifestReading
{
    private ManifestReading()
    {
    }

    /// <summary>It is a manifest that may be stored.</summary>
    /// <param name="Manifest">The manifest.</param>
    public sealed record Accepted(Manifest Manifest) : ManifestReading;

    /// <summary>It is not; nothing of it may be stored.</summary>
    /// <param name="Reason">What is wrong with it, for the client.</param>
    public sealed record Rejected(string Reason) : ManifestReading;
}
