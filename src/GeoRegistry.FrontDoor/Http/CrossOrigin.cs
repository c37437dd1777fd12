using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.Protocol.Errors;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Http;

/// <summary>
/// Lets pages of other origins use the registry from the browser: answers preflights, and marks every answer for them. Refuses what
/// pages that are not allowed to write send unasked.
/// </summary>
/// <param name="origins">The allowed origins as browsers send them, such as <c>https://ui.example</c>; or <see cref="Any"/> alone;
/// none allows pages of the registry's own origin alone.</param>
/// <remarks>
/// An origin that is named may do everything; any origin may only read, or every page that somebody opens could delete images.
/// Browsers ask first (the preflight) only for requests that a form could not send, and name the page's origin in every write; other
/// clients do not, and are not looked at.
/// Cookies are never asked for: pages send an <c>Authorization</c> header of their own. Source: Fetch Standard §3.2, CORS protocol.
/// </remarks>
public sealed class CrossOrigin(IReadOnlyList<string> origins)
{
    /// <summary>Matches any origin.</summary>
    public const string Any = "*";

    private const string AllMethods = "GET, HEAD, POST, PUT, PATCH, DELETE", ReadingMethods = "GET, HEAD";

    /// <summary>The request headers that pages may send: all, of which this one has to be named.</summary>
    private const string RequestHeaders = "Authorization, *";

    /// <summary>The response headers that pages may read beside those that they always may.</summary>
    private const string ResponseHeaders =
        "Accept-Ranges, Content-Range, Docker-Content-Digest, Docker-Distribution-API-Version, Docker-Upload-UUID, ETag, "
        + "GeoRegistry-Receipt, GeoRegistry-Regions, GeoRegistry-Served-By, Link, Location, OCI-Filters-Applied, OCI-Subject, "
        + "OCI-Tag, Range, Retry-After, Warning, WWW-Authenticate";

    /// <summary>How long a browser may remember the answer to a preflight, in seconds.</summary>
    private const string MaxAgeSeconds = "600";

    /// <summary>What browsers say of how a page's origin and the request's are related, where both are safe from eavesdroppers.</summary>
    /// <remarks>Source: Fetch Metadata Request Headers §2.3. Pages cannot set it.</remarks>
    private const string FetchSite = "Sec-Fetch-Site", SameOrigin = "same-origin";

    private readonly bool _isAny = origins.Contains(Any);

    /// <summary>Answers a preflight, or lets the request go on.</summary>
    /// <param name="http">The request.</param>
    /// <param name="next">Answers all but preflights.</param>
    public Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        var origin = http.Request.Headers.Origin.ToString();
        if (origin.Length == 0 && origins.Count == 0) return next(http);
        var allowed = _isAny ? Any : origins.Contains(origin) ? origin : null;
        if (origin.Length > 0 && IsWrite(http.Request.Method) && (_isAny || allowed is null) && !IsOwn(http.Request, origin))
            return RefuseAsync(http, origin, allowed);
        var isPreflight = HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.AccessControlRequestMethod.Count > 0;
        if (isPreflight && origin.Length > 0 && allowed is not null) return AnswerPreflight(http.Response, allowed);

        MarkAtStart(http.Response, allowed);
        return next(http);
    }

    private static bool IsWrite(string method) =>
        !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    // A proxy may have changed the scheme, which is not compared, and the host; behind https the browser itself says it.
    private static bool IsOwn(HttpRequest request, string origin) =>
        request.Headers[FetchSite].ToString() is { Length: > 0 } site
            ? site == SameOrigin
            : Uri.TryCreate(origin, UriKind.Absolute, out var page)
                && Uri.TryCreate($"{page.Scheme}://{request.Host}", UriKind.Absolute, out var own)
                && string.Equals(page.Authority, own.Authority, StringComparison.OrdinalIgnoreCase);

    private Task RefuseAsync(HttpContext http, string origin, string? allowed)
    {
        MarkAtStart(http.Response, allowed);
        return ErrorResponse.WriteAsync(http, RegistryError.Of(
            ErrorCode.Denied,
            $"Pages of {origin} may not write here: list that origin in GeoRegistry:CorsOrigins, if its pages are to be trusted."));
    }

    // At the last moment: an error takes back what was set before.
    private void MarkAtStart(HttpResponse response, string? allowed)
    {
        if (origins.Count > 0) response.OnStarting(() => MarkAsync(response, allowed));
    }

    private Task AnswerPreflight(HttpResponse response, string allowed)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowMethods = _isAny ? ReadingMethods : AllMethods;
        response.Headers.AccessControlAllowHeaders = RequestHeaders;
        response.Headers.AccessControlMaxAge = MaxAgeSeconds;
        return MarkAsync(response, allowed);
    }

    // Where the answer differs by origin it says so, so that no cache gives one page's to another.
    private Task MarkAsync(HttpResponse response, string? allowed)
    {
        if (!_isAny) response.Headers.Append("Vary", "Origin");
        if (allowed is null) return Task.CompletedTask;
        response.Headers.AccessControlAllowOrigin = allowed;
        response.Headers.AccessControlExposeHeaders = ResponseHeaders;
        return Task.CompletedTask;
    }
}
