using System.Text.Json;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Ledgers.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.FrontDoor.Health;

/// <summary>What balancers and orchestrators ask: whether the process runs, and whether it can serve.</summary>
/// <param name="stores">The stores that every request needs.</param>
/// <param name="logger">Where a store that fails is reported.</param>
/// <param name="clock">The time by which a check has to end.</param>
internal sealed partial class HealthEndpoints(IEnumerable<IStoreHealth> stores, ILogger<HealthEndpoints> logger, TimeProvider clock)
{
    /// <summary>How long a store may take; a balancer that asks should wait longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Answers <c>/healthz/live</c> and <c>/healthz/ready</c>.</summary>
    /// <returns>Whether the path is one of these.</returns>
    public bool TryHandle(HttpContext http, out Task answer)
    {
        answer = http.Request.Path.Value switch
        {
            "/healthz/live" => WriteAsync(http, []),
            "/healthz/ready" => ReadyAsync(http),
            _ => Task.CompletedTask,
        };
        return http.Request.Path.Value is "/healthz/live" or "/healthz/ready";
    }

    private async Task ReadyAsync(HttpContext http)
    {
        var checks = await Task.WhenAll(stores.Select(store => CheckAsync(store, http.RequestAborted))).ConfigureAwait(false);
        if (checks.Any(check => check.Failure is not null)) http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        await WriteAsync(http, checks).ConfigureAwait(false);
    }

    private async Task<StoreCheck> CheckAsync(IStoreHealth store, CancellationToken cancellation)
    {
        try
        {
            await store.CheckAsync(cancellation).WaitAsync(Patience, clock, cancellation).ConfigureAwait(false);
            return new StoreCheck(store.StoreName, null);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            LogStoreFailed(failure, store.StoreName);
            return new StoreCheck(store.StoreName, failure.Message);
        }
    }

    private static Task WriteAsync(HttpContext http, IReadOnlyList<StoreCheck> checks)
    {
        http.Response.Headers.CacheControl = "no-store";
        return JsonResponse.WriteAsync(http, "application/json", json => Write(json, checks));
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<StoreCheck> checks)
    {
        json.WriteStartObject();
        json.WriteString("status"u8, checks.All(check => check.Failure is null) ? "ok" : "failing");
        json.WriteStartObject("stores"u8);
        foreach (var check in checks) json.WriteString(check.Store, check.Failure ?? "ok");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    [LoggerMessage(1, LogLevel.Error, "The {Store} store fails its check; the region is not ready.")]
    private partial void LogStoreFailed(Exception failure, string store);

    private sealed record StoreCheck(string Store, string? Failure);
}
