namespace GeoRegistry.Balancer.Forwarding;

/// <summary>Finds the repository in the path of a request to the registry API.</summary>
internal static class RepositoryPath
{
    private const string Root = "/v2/";

    private static readonly string[] Resources = ["/manifests/", "/blobs/", "/tags/", "/referrers/"];

    /// <summary>Whether a path names one blob, and no upload.</summary>
    public static bool IsOfBlob(string path) =>
        path.StartsWith(Root, StringComparison.Ordinal)
        && path.LastIndexOf('/') is > 0 and var last
        && path.AsSpan(0, last).EndsWith("/blobs", StringComparison.Ordinal);

    /// <summary>The repository's name as it is written in a path, or null where there is none.</summary>
    /// <remarks>
    /// Names may have parts such as <c>blobs</c>: what is named last is the resource. Whether the name is valid is for
    /// the regions to say.
    /// </remarks>
    public static string? RepositoryOf(string path)
    {
        if (!path.StartsWith(Root, StringComparison.Ordinal)) return null;
        var end = Resources.Max(resource => path.LastIndexOf(resource, StringComparison.Ordinal));
        return end > Root.Length ? path[Root.Length..end] : null;
    }
}
