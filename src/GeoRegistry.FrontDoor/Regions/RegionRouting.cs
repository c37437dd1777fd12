using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Leases;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Uploads;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>Decides which region answers a request to the OCI API.</summary>
/// <remarks>
/// Content is answered wherever it is; names by their home, or by a replica that holds a lease from it and knows what all know; writes by the home alone; an upload by
/// the region that began it. What another region relays is answered here or not at all, so that nothing goes round.
/// </remarks>
internal sealed class RegionRouting(RegionMap map, Tailing tails, RepositoryReader reader, TagChanges changes, FeedServer feeds, Relay relay, AcknowledgedWrites writes)
{
    /// <summary>Answers a request, here or through another region.</summary>
    /// <param name="resource">What it is about.</param>
    /// <param name="request">The request.</param>
    /// <param name="here">Answers it here.</param>
    public Task AnswerAsync(OciResource resource, OciRequest request, Func<OciRequest, Task> here)
    {
        if (resource is OciResource.Base or OciResource.Catalog) return here(request);
        var topology = map.Current;
        if (topology.PolicyOf(request.Repository) is var policy && !policy.Allows(map.Self)) return RefuseAsync(request, policy);
        var home = topology.HomeOf(request.Repository).Region;
        if (IsWrite(resource, request)) return HasLostData(home) ? ErrorResponse.WriteAsync(request.Http, LostData(request, home)) : WriteAsync(request, home, policy, here);
        if (resource == OciResource.Manifest && home == map.Self) return ReadAtHomeAsync(request, here);
        if (request.Relay is not null) return here(request);
        return resource switch
        {
            OciResource.Upload => UploadAsync(request, here),
            OciResource.Manifest => ReadManifestAsync(request, home, policy, here),
            OciResource.Tags when home != map.Self => ReadListAsync(request, home, policy, here),
            OciResource.Referrers when home != map.Self && !HoldsLease(home) => ReadListAsync(request, home, policy, here),
            _ => here(request),
        };
    }

    // Uploads change what a region holds; a repository changes by its manifests, tags and deletions.
    private static bool IsWrite(OciResource resource, OciRequest request) =>
        resource is OciResource.Manifest or OciResource.Blob && !HttpMethods.IsGet(request.Http.Request.Method) && !HttpMethods.IsHead(request.Http.Request.Method);

    private Task WriteAsync(OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        if (request.Relay is null) return writes.AnswerAsync(request, home, policy, here);
        return home == map.Self
            ? here(request)
            : ErrorResponse.WriteAsync(request.Http, RegistryError.Of(
                ErrorCode.Unsupported, $"Region {map.Self} is not the home of {request.Repository} by version {map.Current.Version} of the topology.") with { Status = 421 });
    }

    private async Task UploadAsync(OciRequest request, Func<OciRequest, Task> here)
    {
        if (!UploadId.TryParse(request.Reference, out var id) || id.Region == map.Self || map.Current.Find(id.Region) is null)
        {
            await here(request).ConfigureAwait(false);
            return;
        }

        using var answer = await relay.SendAsync(request.Http, id.Region).ConfigureAwait(false);
        await Relay.CopyAsync(answer, request.Http).ConfigureAwait(false);
    }

    // What was read is answered, and not read again: what is asked after it was read holds for it.
    private async Task ReadAtHomeAsync(OciRequest request, Func<OciRequest, Task> here)
    {
        if (!Reference.TryParse(request.Reference, out var reference) || reference.IsDigest)
        {
            await here(request).ConfigureAwait(false);
            return;
        }

        var found = await reader.FindManifestAsync(request.Repository, reference, request.Aborted).ConfigureAwait(false);
        if (changes.SpreadOf(request.Repository, reference.Tag) is { } spread) await spread.WaitAsync(request.Aborted).ConfigureAwait(false);
        await ManifestEndpoints.AnswerAsync(request.Http, reference, found).ConfigureAwait(false);
    }

    private async Task ReadManifestAsync(OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        if (!Reference.TryParse(request.Reference, out var reference))
        {
            await here(request).ConfigureAwait(false);
            return;
        }

        // The lease before, so that what is read is not older than what was acknowledged without this region; the rest after, so that it holds for what was read.
        var heldLease = HoldsLease(home);
        var found = await reader.FindManifestAsync(request.Repository, reference, request.Aborted).ConfigureAwait(false);
        var mayAnswer = found is not null && (reference.IsDigest || (heldLease && tails.Of(home)!.MayShow(request.Repository, reference.Tag)));
        if (mayAnswer) await ManifestEndpoints.AnswerAsync(request.Http, reference, found).ConfigureAwait(false);
        else if (await TryRelayAsync(request, home, foundOnly: false).ConfigureAwait(false)) return;
        else if (policy.IsStrict && !reference.IsDigest) await ErrorResponse.WriteAsync(request.Http, Unreachable(request, home)).ConfigureAwait(false);
        else if (found is not null) await AnswerStaleAsync(request, home, here).ConfigureAwait(false);
        else await AskOthersAsync(request, home, policy, isStale: !reference.IsDigest).ConfigureAwait(false);
    }

    private async Task ReadListAsync(OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        if (await TryRelayAsync(request, home, foundOnly: false).ConfigureAwait(false)) return;
        if (policy.IsStrict) await ErrorResponse.WriteAsync(request.Http, Unreachable(request, home)).ConfigureAwait(false);
        else await AnswerStaleAsync(request, home, here).ConfigureAwait(false);
    }

    private Task AnswerStaleAsync(OciRequest request, RegionId home, Func<OciRequest, Task> here)
    {
        Warnings.Add(request.Http.Response, Warnings.MayBeStale(map.Self, home));
        return here(request);
    }

    // Unknown here, and the home is silent: another replica may have heard of it.
    private async Task AskOthersAsync(OciRequest request, RegionId home, PolicyRule policy, bool isStale)
    {
        foreach (var region in map.Others.Where(region => region.Id != home && policy.Allows(region.Id)))
        {
            if (await TryRelayAsync(request, region.Id, foundOnly: true, isStale ? Warnings.MayBeStale(region.Id, home) : null).ConfigureAwait(false)) return;
        }

        await ErrorResponse.WriteAsync(request.Http, Unreachable(request, home)).ConfigureAwait(false);
    }

    private async Task<bool> TryRelayAsync(OciRequest request, RegionId region, bool foundOnly, string? warning = null)
    {
        if (HasLostData(region)) return false;
        try
        {
            using var answer = await relay.SendAsync(request.Http, region).ConfigureAwait(false);
            var isFound = (int)answer.StatusCode < 400;
            if ((foundOnly && !isFound) || (int)answer.StatusCode >= 500) return false;
            if (isFound) Warnings.Add(request.Http.Response, warning ?? Warnings.AnsweredBy(region));
            await Relay.CopyAsync(answer, request.Http).ConfigureAwait(false);
            return true;
        }
        catch (OtherRegionsUnreachableException)
        {
            return false;
        }
    }

    // A home that lost data would answer that what the others have never was.
    private bool HasLostData(RegionId home) => home == map.Self ? feeds.HasLostData : tails.Of(home) is { Activity: TailActivity.Foreign };

    private static RegistryError LostData(OciRequest request, RegionId home) => RegistryError.Of(
        ErrorCode.Unavailable, $"{home}, the home of {request.Repository}, has lost commits that other regions have, so nothing is changed until its data is restored.", ("home", home.ToString()));

    private bool HoldsLease(RegionId home) => tails.Of(home)?.HoldsLease == true;

    private RegistryError Unreachable(OciRequest request, RegionId home) => RegistryError.Of(
        ErrorCode.Unavailable, $"Region {map.Self} cannot answer for {home}, the home of {request.Repository}, which cannot be reached: try again.", ("home", home.ToString()));

    private Task RefuseAsync(OciRequest request, PolicyRule policy)
    {
        var regions = string.Join(", ", policy.Regions);
        request.Http.Response.Headers[HeaderNames.GeoRegistryRegions] = regions; // An entrance goes there by itself.
        return ErrorResponse.WriteAsync(request.Http, RegistryError.Of(
            ErrorCode.Denied, $"{request.Repository} is kept in {regions} and may not pass through {map.Self}: ask there.", ("regions", regions)));
    }
}
