using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>The name of an upload session in its URL: the region that holds it, a dash, and a UUID.</summary>
/// <param name="Region">The region, so that any front door can relay a request to the one that holds the session.</param>
/// <param name="Session">The UUID.</param>
public readonly record struct UploadId(RegionId Region, Guid Session)
{
    private const int SessionLength = 36;

    private static readonly SearchValues<char> SessionCharacters = SearchValues.Create("0123456789abcdefABCDEF-");

    /// <summary>The parts of a key: the UUID's digits, a dash, and so many bytes of the repository's hash in hexadecimal.</summary>
    private const int KeySessionLength = 32, RepositoryHashBytes = 8;

    /// <summary>Reads an id.</summary>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string text, out UploadId id)
    {
        id = default;
        var dash = text.Length - SessionLength - 1;
        if (dash <= 0 || text[dash] != '-' || text.AsSpan(dash + 1).ContainsAnyExcept(SessionCharacters)) return false;
        if (!RegionId.TryParse(text[..dash], out var region) || !Guid.TryParseExact(text.AsSpan(dash + 1), "D", out var session))
            return false;
        id = new UploadId(region, session);
        return true;
    }

    /// <summary>The id as text.</summary>
    public override string ToString() => $"{Region}-{Session:D}";

    /// <summary>
    /// The key of the upload in the blob store. It holds the repository too, so that a session is found only through its
    /// own.
    /// </summary>
    internal string KeyFor(RepositoryName repository)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(repository.ToString()), hash);
        return $"{Session:n}-{Convert.ToHexStringLower(hash[..RepositoryHashBytes])}";
    }

    /// <summary>A key for another upload of the same repository that no URL names; what is left of it is swept as a session's.</summary>
    internal static string SpareKey(string key) => $"{Guid.NewGuid():n}{key[KeySessionLength..]}";

    /// <summary>Whether an upload in the blob store is a session's; others, such as <c>fetch-…</c>, have owners of their own.</summary>
    internal static bool IsKey(string key) =>
        key.Length == KeySessionLength + 1 + (2 * RepositoryHashBytes)
        && key[KeySessionLength] == '-'
        && Guid.TryParseExact(key.AsSpan(0, KeySessionLength), "n", out _);
}
