namespace GeoRegistry.FrontDoor.Oci;

/// <summary>What a path of the OCI API leads to.</summary>
internal enum OciResource
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary><c>/v2/</c></summary>
    Base,

    /// <summary><c>/v2/_catalog</c></summary>
    Catalog,

    /// <summary><c>/v2/{name}/tags/list</c></summary>
    Tags,

    /// <summary><c>/v2/{name}/manifests/{reference}</c></summary>
    Manifest,

    /// <summary><c>/v2/{name}/blobs/{digest}</c></summary>
    Blob,

    /// <summary><c>/v2/{name}/blobs/uploads/</c></summary>
    Uploads,

    /// <summary><c>/v2/{name}/blobs/uploads/{session}</c></summary>
    Upload,

    /// <summary><c>/v2/{name}/referrers/{digest}</c></summary>
    Referrers,
}

/// <summary>A path of the OCI API, taken apart.</summary>
/// <param name="Resource">What it leads to.</param>
/// <param name="Name">The repository's name as it is written in the path, not yet validated.</param>
/// <param name="Reference">The last segment: a tag, digest or session, decoded and not yet validated; empty where there is none.</param>
internal readonly record struct OciRoute(OciResource Resource, string Name = "", string Reference = "")
{
    private const string Prefix = "/v2";

    /// <summary>
    /// Takes a request target apart, from the right: names may have any components, even <c>blobs</c> or
    /// <c>manifests</c>.
    /// </summary>
    /// <param name="target">The target as it was sent. Servers resolve <c>..</c> and decode; names here are what was sent, or
    /// refused.</param>
    public static OciRoute Parse(ReadOnlySpan<char> target)
    {
        var path = PathOf(target);
        if (!path.StartsWith(Prefix, StringComparison.Ordinal)) return default;
        path = path[Prefix.Length..];
        if (path is "" or "/") return new OciRoute(OciResource.Base);
        if (path[0] != '/') return default;
        path = path[1..];
        if (path is "_catalog") return new OciRoute(OciResource.Catalog);
        if (path.EndsWith("/tags/list", StringComparison.Ordinal)) return new OciRoute(OciResource.Tags, path[..^10].ToString());
        if (path.EndsWith("/blobs/uploads/", StringComparison.Ordinal)) return new OciRoute(OciResource.Uploads, path[..^15].ToString());
        if (path.EndsWith("/blobs/uploads", StringComparison.Ordinal)) return new OciRoute(OciResource.Uploads, path[..^14].ToString());

        var last = path.LastIndexOf('/');
        if (last < 0) return default;
        var reference = path[(last + 1)..];
        return ResourceOf(path[..last], out var name) is var resource and not OciResource.None
            ? new OciRoute(resource, name.ToString(), Decode(reference))
            : default;
    }

    private static OciResource ResourceOf(ReadOnlySpan<char> path, out ReadOnlySpan<char> name)
    {
        if (Ends(path, "/manifests", out name)) return OciResource.Manifest;
        if (Ends(path, "/blobs/uploads", out name)) return OciResource.Upload;
        if (Ends(path, "/blobs", out name)) return OciResource.Blob;
        return Ends(path, "/referrers", out name) ? OciResource.Referrers : OciResource.None;
    }

    private static bool Ends(ReadOnlySpan<char> path, string end, out ReadOnlySpan<char> rest)
    {
        var ends = path.EndsWith(end, StringComparison.Ordinal);
        rest = ends ? path[..^end.Length] : default;
        return ends;
    }

    private static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target)
    {
        // Proxies send the absolute form, RFC 9112 §3.2.2.
        if (!target.StartsWith('/') && target.IndexOf("://") is var scheme and > 0)
        {
            target = target[(scheme + 3)..];
            var slash = target.IndexOf('/');
            target = slash < 0 ? default : target[slash..];
        }

        var query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    // Some clients send the colon of a digest as %3A.
    private static string Decode(ReadOnlySpan<char> reference) =>
        reference.Contains('%') ? Uri.UnescapeDataString(reference) : reference.ToString();
}
