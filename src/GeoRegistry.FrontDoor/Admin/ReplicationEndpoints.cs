using System.Globalization;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Status;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Admin;

/// <summary>The state of replication, the blobs that it waits for, and its dead letters.</summary>
internal sealed class ReplicationEndpoints(RegionMap map, StatusReport status, IHydrationQueue queue, Hydrator hydrator,
    TimeProvider clock)
{
    /// <summary>The most rows of one region in an answer.</summary>
    private const int MaxRows = 1000;

    /// <summary>Finds the endpoint of a path below the API's prefix.</summary>
    public Func<AdminApi, HttpContext, Task>? Find(string method, string path) => (method, path) switch
    {
        ("GET" or "HEAD", "replication") => StatusAsync,
        ("GET" or "HEAD", "replication/lag") => LagAsync,
        ("GET" or "HEAD", "replication/pending") => (api, http) => ListAsync(api, http, dead: false),
        ("GET" or "HEAD", "replication/dead-letters") => (api, http) => ListAsync(api, http, dead: true),
        ("POST", "replication/retry") => RetryAsync,
        _ => null,
    };

    private async Task StatusAsync(AdminApi api, HttpContext http)
    {
        var answers = await api.CollectAsync(http, async () =>
            Report([await status.ReadAsync(http.RequestAborted).ConfigureAwait(false)])).ConfigureAwait(false);
        if (answers is null) return;
        var regions = answers.SelectMany(
            answer => answer.Report?.Regions ?? [new RegionStatus(answer.Region.ToString(), Reachable: false, answer.Error)]);
        await AdminApi.WriteAsync(http, Report([.. regions])).ConfigureAwait(false);

        ReplicationReport Report(IReadOnlyList<RegionStatus> regions) => new(map.Self.ToString(), map.Current.Version, regions);
    }

    private async Task LagAsync(AdminApi api, HttpContext http)
    {
        var repository = (RepositoryName?)null;
        if (http.Request.Query["repository"].ToString() is { Length: > 0 } name)
        {
            if (!RepositoryName.TryParse(name, out var parsed))
            {
                await ErrorResponse.WriteAsync(
                    http, RegistryError.Of(ErrorCode.NameInvalid, $"'{name}' is not a repository name.")).ConfigureAwait(false);
                return;
            }

            repository = parsed;
        }

        var limit = RowsOf(http);
        var answers = await api.CollectAsync(http, async () =>
        {
            var pending = await queue.SummarizeRepositoriesAsync(repository, limit, http.RequestAborted).ConfigureAwait(false);
            return new LagReport(
                [.. pending.Select(row => new LagRow(
                    map.Self.ToString(), row.Repository, row.Commits, row.Blobs, row.Bytes, AgeOf(row.Oldest)))],
                []);
        }).ConfigureAwait(false);
        if (answers is null) return;
        var rows = answers.SelectMany(answer => answer.Report?.Repositories ?? []).OrderByDescending(row => row.OldestSeconds);
        await AdminApi.WriteAsync(http, new LagReport([.. rows], Unreachable(answers))).ConfigureAwait(false);
    }

    private async Task ListAsync(AdminApi api, HttpContext http, bool dead)
    {
        var limit = RowsOf(http);
        var answers = await api.CollectAsync(http, async () =>
        {
            var jobs = await queue.ListAsync(dead, limit, http.RequestAborted).ConfigureAwait(false);
            return new BlobsReport([.. jobs.Select(job => Describe(job, dead))], []);
        }).ConfigureAwait(false);
        if (answers is not null)
            await AdminApi.WriteAsync(http, new BlobsReport(
                [.. answers.SelectMany(answer => answer.Report?.Blobs ?? [])], Unreachable(answers))).ConfigureAwait(false);
    }

    private async Task RetryAsync(AdminApi api, HttpContext http)
    {
        var digest = (Digest?)null;
        if (http.Request.Query["digest"].ToString() is { Length: > 0 } text)
        {
            if (!Digest.TryParse(text, out var parsed))
            {
                await ErrorResponse.WriteAsync(http, Oci.DigestFaults.NotADigest(text)).ConfigureAwait(false);
                return;
            }

            digest = parsed;
        }

        var answers = await api.CollectAsync(http, async () =>
        {
            var retried = await queue.RetryAsync(digest, http.RequestAborted).ConfigureAwait(false);
            hydrator.RetryNow();
            return new RetryReport(retried, []);
        }).ConfigureAwait(false);
        if (answers is not null)
            await AdminApi.WriteAsync(http, new RetryReport(
                answers.Sum(answer => answer.Report?.Retried ?? 0), Unreachable(answers))).ConfigureAwait(false);
    }

    private static int RowsOf(HttpContext http) => Math.Max(1, Paging.Of(http.Request, MaxRows).Limit);

    private static IReadOnlyList<string> Unreachable<T>(IEnumerable<RegionAnswer<T>> answers)
        where T : class => [.. answers.Where(answer => answer.Report is null).Select(answer => answer.Region.ToString())];

    private BlobRow Describe(HydrationJob job, bool dead) => new(
        map.Self.ToString(),
        job.Digest.ToString(),
        job.SizeBytes,
        job.From.ToString(),
        job.Repository,
        job.Attempts,
        AgeOf(job.Since),
        dead ? null : Math.Max(0, (job.NotBefore - clock.GetUtcNow()).TotalSeconds),
        job.Error);

    private double AgeOf(DateTimeOffset moment) => Math.Max(0, (clock.GetUtcNow() - moment).TotalSeconds);

    /// <summary>Reads a time to wait: a number, and <c>s</c> or <c>ms</c>.</summary>
    public static bool TryWait(string text, out TimeSpan wait)
    {
        var isMilliseconds = text.EndsWith("ms", StringComparison.Ordinal);
        var number = isMilliseconds ? text.AsSpan(0, text.Length - 2) : text.EndsWith('s') ? text.AsSpan(0, text.Length - 1) : text;

        // The parser takes "NaN" and "-Infinity" too.
        var valid = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value is >= 0 and <= 3_600_000;
        wait = valid ? TimeSpan.FromMilliseconds(isMilliseconds ? value : value * 1000) : default;
        return valid;
    }

    private sealed record ReplicationReport(string Region, long Topology, IReadOnlyList<RegionStatus> Regions);

    private sealed record LagReport(IReadOnlyList<LagRow> Repositories, IReadOnlyList<string> Unreachable);

    private sealed record LagRow(string Region, string Repository, long PendingCommits, long PendingBlobs,
        long PendingBytes, double OldestSeconds);

    private sealed record BlobsReport(IReadOnlyList<BlobRow> Blobs, IReadOnlyList<string> Unreachable);

    private sealed record BlobRow(
        string Region, string Digest, long SizeBytes, string From, string Repository, int Attempts, double AgeSeconds,
        double? RetryInSeconds, string? Error);

    private sealed record RetryReport(int Retried, IReadOnlyList<string> Unreachable);
}
