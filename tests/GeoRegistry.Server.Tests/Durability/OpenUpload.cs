using GeoRegistry.Server.Tests.Clients;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>An upload session that a writer has begun and not completed.</summary>
internal sealed class OpenUpload(string repository, string location, SeededBlob blob)
{
    public string Repository => repository;

    public string Location => location;

    public SeededBlob Blob => blob;

    /// <summary>How many bytes the server has said to have.</summary>
    public long AcknowledgedBytes { get; set; }

    /// <summary>How many bytes were sent, or were about to be.</summary>
    public long SentBytes { get; set; }

    /// <summary>Whether the request that completes it was sent: then the session may be gone.</summary>
    public bool IsCompleting { get; set; }
}
