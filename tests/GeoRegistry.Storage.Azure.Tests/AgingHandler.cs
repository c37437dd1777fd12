using System.Collections.Concurrent;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>Makes answers say of an object that it was written earlier, until it is written again: no client may set an age.</summary>
/// <param name="ages">How much older each object is, by its ETag.</param>
internal sealed class AgingHandler(ConcurrentDictionary<string, TimeSpan> ages) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        if (answer.Headers.ETag is { } etag && ages.TryGetValue($"{etag}", out var by)) answer.Content.Headers.LastModified -= by;
        return answer;
    }
}
