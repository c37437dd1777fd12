using System.Buffers;

namespace GeoRegistry.Protocol.Manifests;

/// <summary>The media types whose meaning the registry knows; all others are stored as they come.</summary>
/// <remarks>
/// Types compare without regard to case (RFC 9110 §8.3.1). Source: OCI Image Spec v1.1, media-types.md; Docker Image
/// Manifest Version 2, Schema 2.
/// </remarks>
public static class MediaTypes
{
    /// <summary>An OCI image manifest.</summary>
    public const string OciImageManifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>An OCI image index.</summary>
    public const string OciImageIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>A Docker image manifest, schema 2.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>A Docker manifest list.</summary>
    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+");

    private static readonly string[] DockerSchema1 =
    [
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    ];

    private static readonly string[] Generic = ["application/x-www-form-urlencoded", "application/json", "application/octet-stream"];

    /// <summary>Whether it is an image manifest: a config and layers.</summary>
    public static bool IsImage(string mediaType) => Is(mediaType, OciImageManifest) || Is(mediaType, DockerManifest);

    /// <summary>Whether it is an index or manifest list: manifests of manifests.</summary>
    public static bool IsIndex(string mediaType) => Is(mediaType, OciImageIndex) || Is(mediaType, DockerManifestList);

    /// <summary>Whether it is Docker's schema 1, whose digests do not name its bytes and which no registry should take any more.</summary>
    public static bool IsDockerSchema1(string mediaType) => DockerSchema1.Contains(mediaType, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a layer of this type may live elsewhere and be missing here.</summary>
    /// <remarks>Source: OCI Image Spec v1.1, layer.md §Non-Distributable Layers; Docker schema 2, foreign layers.</remarks>
    public static bool IsForeignLayer(string mediaType) =>
        mediaType.StartsWith("application/vnd.oci.image.layer.nondistributable.", StringComparison.OrdinalIgnoreCase)
        || mediaType.StartsWith("application/vnd.docker.image.rootfs.foreign.", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether tools send this type by themselves, so that it says nothing about a manifest: a form, text, JSON, bytes.</summary>
    public static bool IsGeneric(string mediaType) =>
        Generic.Contains(mediaType, StringComparer.OrdinalIgnoreCase)
        || mediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        || mediaType.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a text has the form of a media type: a type and a subtype of 1 to 127 characters each.</summary>
    /// <remarks>Source: RFC 6838 §4.2.</remarks>
    public static bool IsWellFormed(string mediaType)
    {
        var slash = mediaType.IndexOf('/');
        return slash > 0 && IsName(mediaType.AsSpan(0, slash)) && IsName(mediaType.AsSpan(slash + 1));
    }

    /// <summary>A media type without its parameters and the space around it.</summary>
    public static string WithoutParameters(string mediaType)
    {
        var semicolon = mediaType.IndexOf(';');
        return (semicolon < 0 ? mediaType : mediaType[..semicolon]).Trim();
    }

    private static bool Is(string mediaType, string known) => string.Equals(mediaType, known, StringComparison.OrdinalIgnoreCase);

    private static bool IsName(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= 127 && char.IsAsciiLetterOrDigit(name[0]) && !name.ContainsAnyExcept(NameCharacters);
}
