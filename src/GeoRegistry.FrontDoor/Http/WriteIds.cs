using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Replication.Peers;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Http;

/// <summary>The ids of writes in requests.</summary>
/// <remarks>
/// A client that repeats writes whose answer it did not get gives each a key of its own in <c>Idempotency-Key</c>, and the first
/// outcome is answered again. Source: draft-ietf-httpapi-idempotency-key-header. Between regions the id itself goes along, so that
/// a relayed write can be repeated too; of it and of what is asked, the home makes the id of the commit.
/// </remarks>
internal static class WriteIds
{
    /// <summary>The header of clients.</summary>
    public const string IdempotencyKey = "Idempotency-Key";

    /// <summary>The longest key that is looked at, in characters.</summary>
    private const int MaxKeyLength = 255;

    /// <summary>The id of a write that may be a repetition; null for one that cannot be.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isRelayed">Whether another region relays it.</param>
    public static WriteId? Of(HttpRequest request, bool isRelayed)
    {
        if (isRelayed && WriteId.TryParse(request.Headers[PeerHeaders.WriteId], out var id)) return id;
        var key = request.Headers[IdempotencyKey].ToString();
        return key.Length is > 0 and <= MaxKeyLength ? WriteId.OfKey(key) : null;
    }
}
