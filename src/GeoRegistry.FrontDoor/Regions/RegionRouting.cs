using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication.Homes;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Verification;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories;
using GeoRegistry.Repositories.Blobs;
using GeoRegistry.Repositories.Reads;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.Repositories.Uploads;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>Decides which region answers a request to the OCI API.</summary>
/// <remarks>
/// Blobs are answered wherever they are; manifests and lists by their home, or by a replica that may show them alone; writes by the
/// home alone; an upload by the region that began it. What another region relays is answered here or not at all, so that no
/// request loops.
/// </remarks>
internal sealed class RegionRouting(
    RegionMap map,
    TailStates tails,
    FeedApplication application,
    RepositoryReader reader,
    RepositoryBlobs blobs,
    ListEndpoints lists,
    HomeVisibility visibility,
    HomeGate gate,
    Relay relay,
    AcknowledgedWrites writes,
    DamagedLedgers damaged)
{
    /// <summary>
    /// After how much silence a home is not asked before each answer that may be stale: each request would wait for the
    /// timeout.
    /// </summary>
    private static readonly TimeSpan SilentTime = TimeSpan.FromSeconds(10);

    /// <summary>Answers a request, here or through another region.</summary>
    /// <param name="resource">What it is about.</param>
    /// <param name="request">The request.</param>
    /// <param name="here">Answers it here.</param>
    public Task AnswerAsync(OciResource resource, OciRequest request, Func<OciRequest, Task> here)
    {
        if (resource is OciResource.Base or OciResource.Catalog) return here(request);
        var topology = map.Current;
        if (topology.PolicyOf(request.Repository) is var policy && !policy.Allows(map.Self)) return RefuseAsync(request, policy);
        if (damaged.Has(request.Repository)) return ErrorResponse.WriteAsync(request.Http, Damaged());
        var home = topology.HomeOf(request.Repository).Region;
        return home == map.Self && gate.IsRecovering
            ? AnswerRecoveredAsync(resource, request, policy, here)
            : AnswerAsync(resource, request, home, policy, here);
    }

    private async Task AnswerRecoveredAsync(OciResource resource, OciRequest request, PolicyRule policy, Func<OciRequest, Task> here)
    {
        await gate.AwaitRecoveryAsync(request.Aborted).ConfigureAwait(false);
        await AnswerAsync(resource, request, map.Self, policy, here).ConfigureAwait(false);
    }

    private Task AnswerAsync(OciResource resource, OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        if (IsWrite(resource, request))
        {
            return HasLostData(home)
                ? ErrorResponse.WriteAsync(request.Http, LostData(request, home))
                : WriteAsync(request, home, policy, here);
        }

        if (home == map.Self && resource != OciResource.Upload && gate.HasLostData)
            return ReadWithLostDataAsync(resource, request, policy, here);
        if (home == map.Self && gate.Reason is not null && resource is not (OciResource.Upload or OciResource.Blob))
            return ReadUnconfirmedAsync(resource, request, policy, here);
        if (home == map.Self && resource == OciResource.Manifest) return ReadAtHomeAsync(request, here);
        if (home == map.Self && resource == OciResource.Referrers) return ReadReferrersAtHomeAsync(request);
        if (request.Relay is not null) return here(request);
        return resource switch
        {
            OciResource.Upload => UploadAsync(request, here),
            OciResource.Manifest => ReadManifestAsync(request, home, policy, here),
            OciResource.Tags when home != map.Self => ReadListAsync(request, home, policy, here),
            OciResource.Referrers when home != map.Self => ReadReferrersAsync(request, home, policy, here),
            _ => here(request),
        };
    }

    private RegistryError Damaged() => RegistryError.Of(
        ErrorCode.Unavailable,
        $"Region {map.Self} found this repository's metadata damaged on its disk and is restoring it from another region: "
            + "try again in a moment.",
        ("region", map.Self.ToString()));

    // Uploads change what a region holds; a repository changes by its manifests, tags and deletions.
    private static bool IsWrite(OciResource resource, OciRequest request) =>
        resource is OciResource.Manifest or OciResource.Blob && !HttpMethods.IsGet(request.Http.Request.Method)
            && !HttpMethods.IsHead(request.Http.Request.Method);

    private Task WriteAsync(OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        if (request.Relay is null) return writes.AnswerAsync(request, home, policy, here);
        return home == map.Self
            ? here(request)
            : ErrorResponse.WriteAsync(request.Http, RegistryError.Of(
                ErrorCode.Unsupported,
                $"Region {map.Self} is not the home of {request.Repository} by version {map.Current.Version} of the topology.")
                with { Status = 421 });
    }

    private async Task UploadAsync(OciRequest request, Func<OciRequest, Task> here)
    {
        if (!UploadId.TryParse(request.Reference, out var id) || id.Region == map.Self || map.Current.Find(id.Region) is null)
        {
            await here(request).ConfigureAwait(false);
            return;
        }

        try
        {
            using var answer = await relay.SendAsync(request.Http, id.Region).ConfigureAwait(false);
            ServedBy.Name(request.Http, id.Region);
            await relay.CopyAsync(answer, request.Http, id.Region).ConfigureAwait(false);
        }
        catch (OtherRegionsUnreachableException e) when (!request.Http.Response.HasStarted)
        {
            await ErrorResponse.WriteAsync(request.Http, UploadUnknown(id, e)).ConfigureAwait(false);
        }
    }

    // What was read is answered and not read again: the checks after the read hold for it.
    private async Task ReadAtHomeAsync(OciRequest request, Func<OciRequest, Task> here)
    {
        if (!Reference.TryParse(request.Reference, out var reference))
        {
            await here(request).ConfigureAwait(false);
            return;
        }

        var found = await reader.FindManifestAsync(request.Repository, reference, request.Aborted).ConfigureAwait(false);
        if (visibility.ShownOf(request.Repository, request.Reference) is { } shown)
            await shown.WaitAsync(request.Aborted).ConfigureAwait(false);
        // What a home does not have may be among what it lost, as long as no other region has said that it follows nothing more.
        if (found is null && await gate.FindRefusalAsync(request.Repository, request.Aborted).ConfigureAwait(false) is { } refusal)
            await ErrorResponse.WriteAsync(request.Http, refusal).ConfigureAwait(false);
        else await ManifestEndpoints.AnswerAsync(request.Http, reference, found).ConfigureAwait(false);
    }

    // No other region has said yet that it follows nothing which is not here: this home may have been started on old data.
    private async Task ReadUnconfirmedAsync(OciResource resource, OciRequest request, PolicyRule policy, Func<OciRequest, Task> here)
    {
        await gate.AwaitFirstAnswersAsync(request.Aborted).ConfigureAwait(false);
        var isUnconfirmed = gate.Reason is not null && !gate.HasLostData;
        if (isUnconfirmed && !policy.IsStrict && await IsHereAsync(resource, request).ConfigureAwait(false))
        {
            Warnings.Add(request.Http.Response, Warnings.Unconfirmed(map.Self));
            await here(request).ConfigureAwait(false);
        }
        else if (isUnconfirmed && await gate.FindRefusalAsync(request.Repository, request.Aborted).ConfigureAwait(false) is { } refusal)
            await ErrorResponse.WriteAsync(request.Http, refusal).ConfigureAwait(false);
        else await AnswerAsync(resource, request, here).ConfigureAwait(false); // By what is known now.
    }

    // What is here may be older than what was acknowledged, and what is not here may exist: the others know more.
    private async Task ReadWithLostDataAsync(OciResource resource, OciRequest request, PolicyRule policy, Func<OciRequest, Task> here)
    {
        var isBlob = resource == OciResource.Blob;
        var isHere = await IsHereAsync(resource, request).ConfigureAwait(false);
        if (isBlob && isHere) await here(request).ConfigureAwait(false);
        else if (request.Relay is null && (isBlob || !policy.IsStrict)
            && await TryRelayToAnyAsync(request, map.Self, policy, mayBeStale: !isBlob).ConfigureAwait(false)) return;
        else if (request.Relay is null && isHere && !policy.IsStrict)
            await AnswerStaleAsync(request, map.Self, here).ConfigureAwait(false);
        else await ErrorResponse.WriteAsync(request.Http, LostData(request, map.Self)).ConfigureAwait(false);
    }

    private async ValueTask<bool> IsHereAsync(OciResource resource, OciRequest request) => resource switch
    {
        OciResource.Blob => Digest.TryParse(request.Reference, out var digest)
            && await blobs.FindHereAsync(request.Repository, digest, request.Aborted).ConfigureAwait(false) is not null,
        OciResource.Manifest => Reference.TryParse(request.Reference, out var reference)
            && await reader.FindManifestAsync(request.Repository, reference, request.Aborted).ConfigureAwait(false) is not null,
        _ => true, // A list, which has what is here.
    };

    private async Task ReadReferrersAtHomeAsync(OciRequest request)
    {
        var answer = await lists.ReadReferrersAsync(request).ConfigureAwait(false);
        if (visibility.ShownOf(request.Repository, VisibleNames.Referrers) is { } shown)
            await shown.WaitAsync(request.Aborted).ConfigureAwait(false);
        await answer().ConfigureAwait(false);
    }

    private async Task ReadManifestAsync(OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        if (!Reference.TryParse(request.Reference, out var reference))
        {
            await here(request).ConfigureAwait(false);
            return;
        }

        // The lease before, so that what is read is not older than what was acknowledged without this region; the rest after, so that
        // it holds for what was read.
        var heldLease = HoldsLease(home);
        var found = await reader.FindManifestAsync(request.Repository, reference, request.Aborted).ConfigureAwait(false);
        if (found is not null && heldLease && MayShow(home, request.Repository, request.Reference))
            await ManifestEndpoints.AnswerAsync(request.Http, reference, found).ConfigureAwait(false);
        else if ((found is null || MayAsk(home)) && await TryRelayAsync(request, home, foundOnly: false).ConfigureAwait(false)) return;
        else if (policy.IsStrict) await ErrorResponse.WriteAsync(request.Http, Unreachable(request, home)).ConfigureAwait(false);
        else if (found is not null) await AnswerStaleAsync(request, home, here).ConfigureAwait(false);
        else await AskOthersAsync(request, home, policy).ConfigureAwait(false);
    }

    private async Task ReadReferrersAsync(OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        // The lease before and the rest after, as for a manifest.
        var heldLease = HoldsLease(home);
        var answer = await lists.ReadReferrersAsync(request).ConfigureAwait(false);
        if (heldLease && MayShow(home, request.Repository, VisibleNames.Referrers)) await answer().ConfigureAwait(false);
        else await ReadListAsync(request, home, policy, here).ConfigureAwait(false);
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
    private async Task AskOthersAsync(OciRequest request, RegionId home, PolicyRule policy)
    {
        if (await TryRelayToAnyAsync(request, home, policy, mayBeStale: true).ConfigureAwait(false)) return;
        await ErrorResponse.WriteAsync(request.Http, Unreachable(request, home)).ConfigureAwait(false);
    }

    private async Task<bool> TryRelayToAnyAsync(OciRequest request, RegionId home, PolicyRule policy, bool mayBeStale)
    {
        foreach (var region in map.Others.Where(region => region.Id != home && policy.Allows(region.Id)))
        {
            var warning = mayBeStale ? Warnings.MayBeStale(region.Id, home) : null;
            if (await TryRelayAsync(request, region.Id, foundOnly: true, warning).ConfigureAwait(false)) return true;
        }

        return false;
    }

    private async Task<bool> TryRelayAsync(OciRequest request, RegionId region, bool foundOnly, string? warning = null)
    {
        if (HasLostData(region)) return false;
        try
        {
            using var answer = await relay.SendAsync(request.Http, region).ConfigureAwait(false);
            var isFound = (int)answer.StatusCode < 400;
            if ((foundOnly && !isFound) || (int)answer.StatusCode >= 500) return false;
            if (isFound && warning is not null) Warnings.Add(request.Http.Response, warning);
            ServedBy.Name(request.Http, region);
            await relay.CopyAsync(answer, request.Http, region).ConfigureAwait(false);
            return true;
        }
        catch (OtherRegionsUnreachableException) when (!request.Http.Response.HasStarted)
        {
            return false;
        }
    }

    private static RegistryError UploadUnknown(UploadId id, OtherRegionsUnreachableException e) => RegistryError.Of(
        ErrorCode.Unavailable,
        $"{id.Region}, which has the upload, did not answer, so it is not known whether it took this: "
            + $"ask for the upload's offset and go on from there. {e.Message}",
        ("region", id.Region.ToString()));

    // A home that lost data would deny what the others have.
    private bool HasLostData(RegionId home) => home == map.Self ? gate.HasLostData : tails.Of(home) is { Activity: TailActivity.Diverged };

    private RegistryError LostData(OciRequest request, RegionId home) => RegistryError.Of(
        ErrorCode.Unavailable,
        $"{home}, the home of {request.Repository}, has lost commits that other regions have"
            + (home == map.Self ? $", or may have ({gate.Reason})" : "")
            + ". It refuses writes, and cannot tell what does not exist, until its data is restored or an operator resumes it.",
        ("home", home.ToString()));

    private bool HoldsLease(RegionId home) => tails.Of(home)?.Visibility.HoldsLease == true;

    private bool MayShow(RegionId home, RepositoryName repository, string name) =>
        tails.Of(home)!.Visibility.MayShow(repository, name) && !application.IsSetAside(home, LedgerId.Of(repository));

    // What is here is answered at once, with a warning, where asking would only take time.
    private bool MayAsk(RegionId home) => tails.Of(home) is not { } tail || tail.SinceHeard is not { } silence || silence < SilentTime;

    private RegistryError Unreachable(OciRequest request, RegionId home) => RegistryError.Of(
        ErrorCode.Unavailable,
        $"Region {map.Self} cannot answer for {home}, the home of {request.Repository}, which cannot be reached: try again.",
        ("home", home.ToString()));

    private Task RefuseAsync(OciRequest request, PolicyRule policy)
    {
        var regions = string.Join(", ", policy.Regions);
        request.Http.Response.Headers[HeaderNames.GeoRegistryRegions] = regions; // An entrance goes there by itself.
        return ErrorResponse.WriteAsync(request.Http, RegistryError.Of(
            ErrorCode.Denied,
            $"{request.Repository} is kept in {regions} and may not pass through {map.Self}: ask there.",
            ("regions", regions)));
    }
}
