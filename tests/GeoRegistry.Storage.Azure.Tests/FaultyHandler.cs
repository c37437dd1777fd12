using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>Lets requests fail as a test says: before they are sent, or after, when the answer is lost.</summary>
internal sealed class FaultyHandler(StoreFaults faults) : DelegatingHandler
{
    /// <summary>Called with each request's name before it is sent.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>What a request is: <c>PUT block</c>, <c>PUT copy</c>, <c>HEAD</c>.</summary>
    public static string NameOf(HttpRequestMessage request)
    {
        var query = request.RequestUri!.Query;
        if (request.Headers.Contains("x-ms-copy-source")) return "PUT copy";
        var operation = query.TrimStart('?').Split('&').FirstOrDefault(part => part.StartsWith("comp=", StringComparison.Ordinal));
        return operation is null ? request.Method.Method : $"{request.Method} {operation["comp=".Length..]}";
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var name = NameOf(request);
        if (Before is { } before) await before(name, cancellationToken);
        var fault = faults.NextOf(name);
        if (fault is InjectedFault.NotRun) throw new HttpRequestException($"{name} was not sent on purpose.");
        var answer = await base.SendAsync(request, cancellationToken);
        if (fault is not InjectedFault.AnswerLost) return answer;
        await answer.Content.LoadIntoBufferAsync(cancellationToken);
        answer.Dispose();
        throw new HttpRequestException($"The answer to {name} was lost on purpose.");
    }
}
