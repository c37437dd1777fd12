using System.Net.Http.Headers;

namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>The headers that the tests ask with.</summary>
internal static class RequestHeaders
{
    /// <summary>Asks in how many regions a push is to be complete; null asks nothing.</summary>
    public static void Durability(this HttpRequestHeaders headers, string? durability)
    {
        if (durability is not null) headers.Add("GeoRegistry-Durability", durability);
    }

    /// <summary>Asks that there is no such tag yet.</summary>
    public static void IfAbsent(this HttpRequestHeaders headers) => headers.TryAddWithoutValidation("If-None-Match", "*");

    /// <summary>Asks that the tag names this digest.</summary>
    public static void IfIs(this HttpRequestHeaders headers, string digest) =>
        headers.TryAddWithoutValidation("If-Match", $"\"{digest}\"");

    /// <summary>Names the write, so that the region can tell a repetition of it.</summary>
    public static void IdempotencyKey(this HttpRequestHeaders headers, string key) => headers.Add("Idempotency-Key", key);
}
