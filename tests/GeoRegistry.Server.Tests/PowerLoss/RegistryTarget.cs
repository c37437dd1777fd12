using GeoRegistry.Protocol;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>What the target of a request to a repository says.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Resource"><c>blobs</c> or <c>manifests</c>.</param>
/// <param name="Digest">The digest in the path, or of the upload that the query completes; null without one.</param>
/// <param name="Tags">The tag in the path, and those in the query.</param>
internal sealed record RegistryTarget(RepositoryName Repository, string Resource, Digest? Digest, IReadOnlyList<Tag> Tags)
{
    public static RegistryTarget? Parse(Uri target)
    {
        var parts = target.AbsolutePath.Trim('/').Split('/');
        var resource = Array.FindLastIndex(parts, part => part is "blobs" or "manifests");
        if (resource < 2 || parts[0] != "v2") return null;
        var query = target.Query.TrimStart('?').Split('&')
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .ToLookup(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        var name = Uri.UnescapeDataString(parts[^1]);
        var digest = Protocol.Digest.IsValid(name) ? name : query["digest"].FirstOrDefault();
        var tags = parts[resource] == "manifests" && !Protocol.Digest.IsValid(name) ? [name] : query["tag"];
        return new RegistryTarget(
            RepositoryName.Parse(string.Join('/', parts[1..resource])),
            parts[resource],
            digest is null ? null : Protocol.Digest.Parse(digest),
            [.. tags.Select(tag => Tag.Parse(tag))]);
    }
}
