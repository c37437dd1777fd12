using GeoRegistry.Replication.Verification;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Admin;

/// <summary>What verification has found, and passes of it that operators ask for.</summary>
internal sealed class VerificationEndpoints(VerificationProgress progress, VerificationLoop loop)
{
    private const string Path = "replication/verify";

    /// <summary>Finds the endpoint of a path below the API's prefix.</summary>
    public Func<AdminApi, HttpContext, Task>? Find(string method, string path) => (method, path) switch
    {
        ("GET" or "HEAD", Path) => (api, http) => AnswerAsync(api, http, progress.Read),
        ("POST", Path) => (api, http) => AnswerAsync(api, http, () => Request(http)),
        _ => null,
    };

    private VerificationStatus Request(HttpContext http)
    {
        loop.Request(repairs: http.Request.Query["repair"] == "true");
        return progress.Read();
    }

    private static async Task AnswerAsync(AdminApi api, HttpContext http, Func<VerificationStatus> here)
    {
        var answers = await api.CollectAsync(http, () => Task.FromResult(new Report([here()]))).ConfigureAwait(false);
        if (answers is null) return;
        var regions = answers.SelectMany(
            answer => answer.Report?.Regions ?? [VerificationStatus.Unreachable(answer.Region.ToString(), answer.Error)]);
        await AdminApi.WriteAsync(http, new Report([.. regions])).ConfigureAwait(false);
    }

    private sealed record Report(IReadOnlyList<VerificationStatus> Regions);
}
