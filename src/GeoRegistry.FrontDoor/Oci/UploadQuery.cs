using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>What the POST that begins an upload asks for in its query.</summary>
/// <param name="Digest">The digest of the body, for a push in a single request; or null.</param>
/// <param name="Mount">The blob to mount, or null.</param>
/// <param name="HasFrom">Whether a repository to mount from is given at all.</param>
/// <param name="From">That repository; null where it is none.</param>
/// <param name="Algorithm">The algorithm that the digest will have.</param>
internal sealed record UploadQuery(Digest? Digest, Digest? Mount, bool HasFrom, RepositoryName? From, DigestAlgorithm Algorithm)
{
    private static readonly UploadQuery Plain = new(null, null, false, null, DigestAlgorithm.Sha256);

    public static UploadQuery Parse(HttpRequest request, out RegistryError? fault)
    {
        fault = null;
        if (!request.QueryString.HasValue) return Plain;
        var digest = ReadDigest(request.Query, "digest", ref fault);
        var mount = ReadDigest(request.Query, "mount", ref fault);
        var algorithm = digest?.Algorithm ?? DigestAlgorithm.Sha256;
        if (request.Query["digest-algorithm"].ToString() is { Length: > 0 } name && !DigestAlgorithms.TryParse(name, out algorithm))
            fault ??= RegistryError.Of(ErrorCode.DigestInvalid, $"The digest algorithm '{name}' is not supported: use sha256 or sha512.");
        var hasFrom = request.Query.TryGetValue("from", out var from);
        return new UploadQuery(
            digest, mount, hasFrom, RepositoryName.TryParse(from.ToString(), out var source) ? source : null, algorithm);
    }

    private static Digest? ReadDigest(IQueryCollection query, string name, ref RegistryError? fault)
    {
        if (query[name].ToString() is not { Length: > 0 } text) return null; // Without a value it counts as not given, as elsewhere.
        if (Protocol.Digest.TryParse(text, out var digest)) return digest;
        fault ??= DigestFaults.NotADigest(text);
        return null;
    }
}
