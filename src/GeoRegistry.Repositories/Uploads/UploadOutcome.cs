using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>The outcome of a request to an upload session.</summary>
public abstract record UploadOutcome
{
    private UploadOutcome()
    {
    }

    /// <summary>The session is open.</summary>
    /// <param name="SizeBytes">How many bytes it has.</param>
    public sealed record Open(long SizeBytes) : UploadOutcome;

    /// <summary>The blob is on disk and in the repository; the session is gone.</summary>
    /// <param name="Digest">The blob.</param>
    /// <param name="SizeBytes">Its size.</param>
    public sealed record Completed(Digest Digest, long SizeBytes) : UploadOutcome;

    /// <summary>The session was ended without a blob.</summary>
    public sealed record Cancelled : UploadOutcome;

    /// <summary>The request was refused.</summary>
    /// <param name="Error">Why. A session that the request found stays as it was, unless the digest did not match: then it is
    /// gone.</param>
    /// <param name="SizeBytes">Where the client can go on: how many bytes the session has; null where the refusal is about something
    /// else.</param>
    public sealed record Refused(RegistryError Error, long? SizeBytes = null) : UploadOutcome;
}
