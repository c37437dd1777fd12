using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Status;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Admin;

/// <summary>Where an image is, and where a push is complete.</summary>
internal sealed class ImageEndpoints(RegionMap map, ImageLocator locator, Completion completion)
{
    private const string Receipts = "receipts/", Repositories = "repositories/", Where = "/where";

    /// <summary>The longest wait for a receipt.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(60);

    /// <summary>Finds the endpoint of a path below the API's prefix.</summary>
    public Func<AdminApi, HttpContext, Task>? Find(string method, string path)
    {
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method)) return null;
        if (path.StartsWith(Receipts, StringComparison.Ordinal)) return (api, http) => ReceiptAsync(api, http, path[Receipts.Length..]);
        return path.StartsWith(Repositories, StringComparison.Ordinal) && path.EndsWith(Where, StringComparison.Ordinal)
            && path.Length > Repositories.Length + Where.Length
            ? (api, http) => WhereAsync(api, http, path[Repositories.Length..^Where.Length])
            : null;
    }

    private async Task ReceiptAsync(AdminApi api, HttpContext http, string text)
    {
        var wait = TimeSpan.Zero;
        var fault = (RegistryError?)null;
        if (http.Request.Query["wait"].ToString() is { Length: > 0 } asked
            && (!ReplicationEndpoints.TryWait(asked, out wait) || wait > MaxWait))
        {
            fault = RegistryError.Of(
                ErrorCode.Unsupported,
                $"wait is a number and s or ms, {MaxWait.TotalSeconds}s at most, not '{asked}'.") with { Status = 400 };
        }

        if (!FeedPosition.TryParse(text, out var receipt) || map.Current.Find(receipt.Region) is null)
            fault ??= RegistryError.Of(
                ErrorCode.Unsupported,
                $"'{text}' is not a receipt, such as eu-7f3a9c01-1234 from the GeoRegistry-Receipt header of a push.")
                with { Status = 404 };
        if (fault is not null)
        {
            await ErrorResponse.WriteAsync(http, fault).ConfigureAwait(false);
            return;
        }

        if (await api.RegionsOfAsync(http).ConfigureAwait(false) is not { } regions) return;
        var found = await completion.FindRepositoryAsync(receipt, http.RequestAborted).ConfigureAwait(false);
        if (found is { Repository: null, Otherwise: CompletionState.Complete })
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                $"The commit {receipt} is no longer kept: ask 'where' for its repository's images.")
                with { Status = 404 }).ConfigureAwait(false);
            return;
        }

        var rows = regions.Select(async region =>
        {
            var state = RepositoryName.TryParse(found.Repository, out var repository)
                ? await completion.AwaitInAsync(region, repository, receipt, image: null, wait, http.RequestAborted).ConfigureAwait(false)
                : found.Otherwise;
            return new ReceiptRow(region.ToString(), state.ToString().ToLowerInvariant());
        });
        await AdminApi.WriteAsync(
            http, new ReceiptReport(text, found.Repository, await Task.WhenAll(rows).ConfigureAwait(false))).ConfigureAwait(false);
    }

    private async Task WhereAsync(AdminApi api, HttpContext http, string name)
    {
        var asked = http.Request.Query["reference"].ToString();
        var fault = (RegistryError?)null;
        if (!RepositoryName.TryParse(name, out var repository))
            fault = RegistryError.Of(ErrorCode.NameInvalid, $"'{name}' is not a repository name.");
        if (!Reference.TryParse(asked, out var reference))
            fault ??= RegistryError.Of(ErrorCode.ManifestUnknown, $"reference is a tag or a digest, not '{asked}'.") with { Status = 400 };
        if (fault is not null)
        {
            await ErrorResponse.WriteAsync(http, fault).ConfigureAwait(false);
            return;
        }

        var answers = await api.CollectAsync(http, async () =>
            Report([await locator.FindAsync(repository, reference, http.RequestAborted).ConfigureAwait(false)])).ConfigureAwait(false);
        if (answers is null) return;
        var rows = answers.SelectMany(answer => answer.Report?.Regions ?? [new ImageLocation(answer.Region.ToString(), "unreachable")]);
        await AdminApi.WriteAsync(http, Report([.. rows])).ConfigureAwait(false);

        WhereReport Report(IReadOnlyList<ImageLocation> regions) =>
            new(name, asked, map.Current.HomeOf(repository).Region.ToString(), regions);
    }

    private sealed record ReceiptReport(string Receipt, string? Repository, IReadOnlyList<ReceiptRow> Regions);

    private sealed record ReceiptRow(string Region, string State);

    private sealed record WhereReport(string Repository, string Reference, string Home, IReadOnlyList<ImageLocation> Regions);
}
