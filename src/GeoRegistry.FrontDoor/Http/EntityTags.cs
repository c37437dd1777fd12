using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Writes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GeoRegistry.FrontDoor.Http;

/// <summary>Conditional requests; the entity tag of content is its digest in quotes.</summary>
/// <remarks>Source: RFC 9110 §8.8.3 and §13. A digest without quotes is understood too, as some clients send it.</remarks>
internal static class EntityTags
{
    public static string Of(Digest digest) => $"\"{digest}\"";

    /// <summary>Whether the client has the content already (<c>If-None-Match</c>).</summary>
    public static bool ClientHas(HttpRequest request, Digest digest)
    {
        var header = request.Headers.IfNoneMatch;
        if (header.Count == 0) return false;
        var tags = Parse(header, weak: true);
        return tags.Contains("*") || tags.Contains(digest.ToString());
    }

    /// <summary>Whether a range is asked of the content as it is (<c>If-Range</c>), or whatever it is.</summary>
    public static bool RangeApplies(HttpRequest request, Digest digest)
    {
        var header = request.Headers.IfRange;
        return header.Count == 0 || Parse(header, weak: false).Contains(digest.ToString());
    }

    /// <summary>The precondition of a write (<c>If-Match</c>, <c>If-None-Match</c>).</summary>
    public static Precondition PreconditionOf(HttpRequest request)
    {
        var (match, noneMatch) = (request.Headers.IfMatch, request.Headers.IfNoneMatch);
        if (match.Count == 0 && noneMatch.Count == 0) return Precondition.None;
        var anyOf = match.Count == 0 ? null : Parse(match, weak: false);
        var noneOf = noneMatch.Count == 0 ? null : Parse(noneMatch, weak: true);
        var (exists, missing) = (anyOf?.Contains("*") == true, noneOf?.Contains("*") == true);
        return new Precondition(exists, exists ? null : anyOf, missing, missing ? null : noneOf);
    }

    private static List<string> Parse(StringValues header, bool weak)
    {
        var tags = new List<string>();
        foreach (var value in header)
        {
            foreach (var part in (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var isWeak = part.StartsWith("W/", StringComparison.Ordinal);
                if (!isWeak || weak) tags.Add((isWeak ? part[2..] : part).Trim('"'));
            }
        }

        return tags;
    }
}
