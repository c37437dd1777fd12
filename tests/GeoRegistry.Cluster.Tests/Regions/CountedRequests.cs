using Microsoft.AspNetCore.Http;

namespace GeoRegistry.Cluster.Tests.Regions;

/// <summary>Tells calls that are made for a request which has a header from all others, such as those of work in the background.</summary>
internal sealed class CountedRequests
{
    /// <summary>The header; it passes with a request that is relayed.</summary>
    public const string Header = "X-Counted";

    private readonly AsyncLocal<bool> _isCounted = new();

    /// <summary>Whether what runs now runs for such a request.</summary>
    public bool IsCounted => _isCounted.Value;

    /// <summary>Runs a request.</summary>
    public async Task RunAsync(HttpContext http, RequestDelegate handle)
    {
        _isCounted.Value = http.Request.Headers.ContainsKey(Header);
        await handle(http);
    }
}
