namespace GeoRegistry.Replication.Peers;

/// <summary>A request to another region.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">Path and query, sent as they are.</param>
public sealed record PeerRequest(HttpMethod Method, string Target)
{
    /// <summary>The body, or null.</summary>
    public HttpContent? Content { get; init; }

    /// <summary>Further headers. Their characters are bytes (Latin-1), which are sent as they are.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Whether it carries a blob. Blobs have a connection of their own.</summary>
    public bool IsBulk { get; init; }

    /// <summary>Up to which size the answer's body is read whole before the answer is returned. Default 0: it is never read.</summary>
    /// <remarks>A body of unknown length is read too; one that turns out to be larger counts as a failure of the region.</remarks>
    public int BufferedAnswerBytes { get; init; }
}
