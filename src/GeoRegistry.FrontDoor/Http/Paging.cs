using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Http;

/// <summary>The page that a list request asks for (<c>n</c>, <c>last</c>), and the link to the next.</summary>
/// <param name="Limit">The most entries that the page may have.</param>
/// <param name="After">The entry after which it begins, or null for the start.</param>
/// <remarks>Source: OCI Distribution Spec v1.1 §Listing Tags.</remarks>
internal readonly record struct Paging(int Limit, string? After)
{
    /// <summary>Reads the page from the query.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxLimit">The largest page, which is also the size where <c>n</c> is not given.</param>
    /// <remarks>An <c>n</c> that is no count (negative, empty, a word) is read as if it were not given, as other registries do.</remarks>
    public static Paging Of(HttpRequest request, int maxLimit)
    {
        if (!request.QueryString.HasValue) return new Paging(maxLimit, null);
        var after = request.Query["last"].ToString();
        var isCount = long.TryParse(request.Query["n"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var asked);
        var limit = isCount ? (int)Math.Min(asked, maxLimit) : maxLimit;
        return new Paging(limit, after.Length == 0 ? null : after);
    }

    /// <summary>Takes a page out of entries that were read one further than it has, and links the next page where there is one.</summary>
    public IReadOnlyList<T> Cut<T>(HttpResponse response, string path, IReadOnlyList<T> entries,
        Func<T, string> name, string otherQuery = "", int mostEntries = int.MaxValue)
    {
        var most = Math.Min(Limit, mostEntries);
        if (entries.Count <= most) return entries;
        var page = entries.Take(most).ToList();
        response.Headers.Link = $"<{path}?{otherQuery}n={Limit}&last={Uri.EscapeDataString(name(page[^1]))}>; rel=\"next\"";
        return page;
    }
}
