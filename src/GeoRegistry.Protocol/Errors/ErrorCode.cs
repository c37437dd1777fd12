namespace GeoRegistry.Protocol.Errors;

/// <summary>One row of the specification's error table, with the status that answers carry with it.</summary>
/// <param name="Name">The identifier that clients match on.</param>
/// <param name="Status">The HTTP status, unless the case asks for another of its class.</param>
/// <param name="Message">The sentence used where the case says nothing better.</param>
/// <remarks>Source: OCI Distribution Spec v1.1 §Error Codes. Every error that a client sees is made from a row here.</remarks>
public sealed record ErrorCode(string Name, int Status, string Message)
{
    /// <summary>The blob is not known in this repository.</summary>
    public static readonly ErrorCode BlobUnknown = new("BLOB_UNKNOWN", 404, "blob unknown to registry");

    /// <summary>The upload's request cannot be followed.</summary>
    public static readonly ErrorCode BlobUploadInvalid = new("BLOB_UPLOAD_INVALID", 400, "blob upload invalid");

    /// <summary>There is no such upload session in this repository.</summary>
    public static readonly ErrorCode BlobUploadUnknown = new("BLOB_UPLOAD_UNKNOWN", 404, "blob upload unknown to registry");

    /// <summary>A digest is malformed, unsupported, or not that of the content.</summary>
    public static readonly ErrorCode DigestInvalid = new("DIGEST_INVALID", 400, "provided digest did not match uploaded content");

    /// <summary>A manifest names a blob or manifest that the repository does not have.</summary>
    public static readonly ErrorCode ManifestBlobUnknown = new(
        "MANIFEST_BLOB_UNKNOWN", 404, "manifest references a manifest or blob unknown to registry");

    /// <summary>The manifest, or the reference it was pushed to, is not acceptable.</summary>
    public static readonly ErrorCode ManifestInvalid = new("MANIFEST_INVALID", 400, "manifest invalid");

    /// <summary>There is no manifest under this tag or digest.</summary>
    public static readonly ErrorCode ManifestUnknown = new("MANIFEST_UNKNOWN", 404, "manifest unknown to registry");

    /// <summary>The repository name is not one.</summary>
    public static readonly ErrorCode NameInvalid = new("NAME_INVALID", 400, "invalid repository name");

    /// <summary>There is no repository of this name.</summary>
    public static readonly ErrorCode NameUnknown = new("NAME_UNKNOWN", 404, "repository name not known to registry");

    /// <summary>A length that was given differs from the content's.</summary>
    public static readonly ErrorCode SizeInvalid = new("SIZE_INVALID", 400, "provided length did not match content length");

    /// <summary>Who asks is not known.</summary>
    public static readonly ErrorCode Unauthorized = new("UNAUTHORIZED", 401, "authentication required");

    /// <summary>The request is understood and refused.</summary>
    public static readonly ErrorCode Denied = new("DENIED", 403, "requested access to the resource is denied");

    /// <summary>The registry does not do this.</summary>
    public static readonly ErrorCode Unsupported = new("UNSUPPORTED", 405, "the operation is unsupported");

    /// <summary>Too much is asked at once; try again later.</summary>
    public static readonly ErrorCode TooManyRequests = new("TOOMANYREQUESTS", 429, "too many requests");

    /// <summary>
    /// Another region is needed and cannot be reached now; trying again is safe. Not in the specification's table; known
    /// from Docker's registry.
    /// </summary>
    public static readonly ErrorCode Unavailable = new("UNAVAILABLE", 503, "a region that is needed cannot be reached now; try again");

    /// <summary>The registry itself failed. Not in the specification's table, whose codes speak of requests; the status is 5xx.</summary>
    public static readonly ErrorCode Unknown = new(
        "UNKNOWN", 500, "the registry failed to answer; the trace id finds the cause in its log");

    /// <summary>Every row.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } =
    [
        BlobUnknown, BlobUploadInvalid, BlobUploadUnknown, DigestInvalid, ManifestBlobUnknown, ManifestInvalid, ManifestUnknown,
        NameInvalid, NameUnknown, SizeInvalid, Unauthorized, Denied, Unsupported, TooManyRequests, Unavailable, Unknown,
    ];
}
