using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.Azure;

/// <summary>Where everything lies in the container of a region. All names of blobs are made here.</summary>
/// <remarks>
/// <code>
/// blobs/
///   sha256/ab/&lt;hex&gt;    one block blob a blob, named by its hash; in between the hash's first two characters
///   sha512/ab/&lt;hex&gt;
/// uploads/&lt;key&gt;         one block blob an upload in progress
/// damaged/
///   sha256-&lt;hex&gt;       blobs whose bytes do not have their digest: never read again, an operator may delete them
/// region                the id of the region whose container it is
/// health                written by health checks
/// </code>
/// </remarks>
internal static class BlobKeys
{
    /// <summary>What the names of all blobs begin with.</summary>
    public const string Blobs = "blobs/";

    /// <summary>What the names of all uploads begin with.</summary>
    public const string Uploads = "uploads/";

    /// <summary>Says whose container it is.</summary>
    public const string Region = "region";

    /// <summary>Written by health checks.</summary>
    public const string Health = "health";

    /// <summary>The name of a blob.</summary>
    public static string Blob(Digest digest) => $"{Blobs}{digest.Algorithm.Name()}/{digest.Hex[..2]}/{digest.Hex}";

    /// <summary>The name of an upload.</summary>
    /// <exception cref="ArgumentException">The key is not one.</exception>
    public static string Upload(string key) => $"{Uploads}{UploadKey.Validate(key)}";

    /// <summary>Where a damaged blob is kept.</summary>
    public static string Damaged(Digest digest) => $"damaged/{digest.Algorithm.Name()}-{digest.Hex}";

    /// <summary>Reads the name of a blob.</summary>
    /// <returns>Whether it is one.</returns>
    public static bool TryParseBlob(string name, out Digest digest)
    {
        digest = default;
        var parts = name.Split('/');
        return parts.Length == 4 && Digest.TryParse($"{parts[1]}:{parts[3]}", out digest) && Blob(digest) == name;
    }

    /// <summary>The key of an upload, of its name.</summary>
    public static string KeyOfUpload(string name) => name[Uploads.Length..];
}
