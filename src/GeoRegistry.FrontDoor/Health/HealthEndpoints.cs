using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Ledgers.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Health;

/// <summary>
/// What balancers and orchestrators ask: whether the process runs, whether it can serve pulls, and whether it can take
/// pushes.
/// </summary>
internal sealed class HealthEndpoints
{
    private readonly IReadOnlyList<StoreCheck> _reads, _writes;

    /// <param name="stores">The stores that every request needs.</param>
    /// <param name="logger">Where a store that fails is reported.</param>
    /// <param name="clock">The time by which a check has to end.</param>
    public HealthEndpoints(IEnumerable<IStoreHealth> stores, ILogger<HealthEndpoints> logger, TimeProvider clock)
    {
        _reads = [.. stores.Select(store => new StoreCheck(store.StoreName, "read", store.CheckReadAsync, clock, logger))];
        _writes = [.. stores.Select(store => new StoreCheck(store.StoreName, "write", store.CheckWriteAsync, clock, logger))];
    }

    /// <summary>Answers the paths of health.</summary>
    /// <returns>Whether the path is one of these.</returns>
    public bool TryHandle(HttpContext http, out Task answer)
    {
        Task? found = http.Request.Path.Value switch
        {
            "/healthz/live" => WriteAsync(http, [], []),
            "/healthz/ready" => AnswerAsync(http, _writes, isPush: false),
            "/healthz/ready/pull" => AnswerAsync(http, [], isPush: false),
            "/healthz/ready/push" => AnswerAsync(http, _writes, isPush: true),
            _ => null,
        };
        answer = found ?? Task.CompletedTask;
        return found is not null;
    }

    private async Task AnswerAsync(HttpContext http, IReadOnlyList<StoreCheck> writes, bool isPush)
    {
        var reading = RunAsync(_reads, decides: true, http.RequestAborted);
        var writing = RunAsync(writes, decides: isPush, http.RequestAborted);
        var (read, written) = (await reading.ConfigureAwait(false), await writing.ConfigureAwait(false));
        if (!IsOk(read) || (isPush && !IsOk(written))) http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        await WriteAsync(http, read, written).ConfigureAwait(false);
    }

    private static Task<(string Store, string Outcome)[]> RunAsync(
        IReadOnlyList<StoreCheck> checks, bool decides, CancellationToken cancellation) =>
        Task.WhenAll(checks.Select(async check => (check.Store, await check.RunAsync(decides, cancellation).ConfigureAwait(false))));

    private static bool IsOk(IReadOnlyList<(string Store, string Outcome)> outcomes) =>
        outcomes.All(check => check.Outcome == StoreCheck.Ok);

    private static Task WriteAsync(HttpContext http, IReadOnlyList<(string Store, string Outcome)> read,
        IReadOnlyList<(string Store, string Outcome)> written)
    {
        http.Response.Headers.CacheControl = "no-store";
        return JsonResponse.WriteAsync(http, "application/json", json =>
        {
            json.WriteStartObject();
            json.WriteString("status"u8, http.Response.StatusCode == StatusCodes.Status200OK ? StoreCheck.Ok : "failing");
            json.WriteStartObject("stores"u8);
            foreach (var (store, outcome) in read)
            {
                json.WriteStartObject(store);
                json.WriteString("read"u8, outcome);
                foreach (var (_, write) in written.Where(check => check.Store == store)) json.WriteString("write"u8, write);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
    }
}
