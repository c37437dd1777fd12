using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.Replication;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Repositories;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Regions;

/// <summary>Clients' writes: done by the home, and acknowledged when they can be read here and are as durable as was asked.</summary>
internal sealed class AcknowledgedWrites(RegionMap map, TailStates tails, Relay relay, Completion completion,
    ReplicationOptions options, TimeProvider clock)
{
    /// <summary>
    /// How long a write waits to be applied here. What takes longer is acknowledged all the same: until then reads ask
    /// the home.
    /// </summary>
    private static readonly TimeSpan ApplyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Answers a write.</summary>
    /// <param name="request">The request.</param>
    /// <param name="home">The region that decides it.</param>
    /// <param name="policy">How the repository is replicated.</param>
    /// <param name="here">Decides it here; the answer has not begun to leave when that returns with success.</param>
    public async Task AnswerAsync(OciRequest request, RegionId home, PolicyRule policy, Func<OciRequest, Task> here)
    {
        var durability = DurabilityOf(request, policy, out var fault);
        if (fault is not null)
        {
            await ErrorResponse.WriteAsync(request.Http, fault).ConfigureAwait(false);
            return;
        }

        if (home == map.Self) await here(request).ConfigureAwait(false);
        else await RelayAsync(request, home).ConfigureAwait(false);
        if (request.Http.Response.StatusCode >= 300
            || !FeedPosition.TryParse(request.Http.Response.Headers[HeaderNames.GeoRegistryReceipt], out var receipt))
        {
            return;
        }

        // What was pushed may have been there before: then its commit names nothing, and the image is what has to be complete.
        Digest? image = Digest.TryParse(request.Http.Response.Headers[HeaderNames.DockerContentDigest].ToString(), out var pushed)
            ? pushed
            : null;
        var count = policy.RegionsFor(durability);
        if (count == 0
            || await completion.AwaitAsync(
                request.Repository, receipt, image, policy.Regions, count, options.DurabilityTimeout,
                request.Aborted).ConfigureAwait(false))
        {
            return;
        }

        request.Http.Response.Clear();
        await ErrorResponse.WriteAsync(request.Http, NotDurable(receipt, count)).ConfigureAwait(false);
    }

    private async Task RelayAsync(OciRequest request, RegionId home)
    {
        // Whatever repeats it on the way, the home does it once.
        request.Http.Request.Headers[PeerHeaders.WriteId] = (request.Origin.Id ?? WriteId.New()).ToString();
        HttpResponseMessage answer;
        try
        {
            answer = await relay.SendAsync(request.Http, home).ConfigureAwait(false);
        }
        catch (OtherRegionsUnreachableException e)
        {
            var error = RegistryError.Of(
                ErrorCode.Unavailable,
                $"{home}, the home of {request.Repository}, did not answer, so it is not known whether this was done; "
                    + $"repeating it is safe. {e.Message}",
                ("home", home.ToString()));
            await ErrorResponse.WriteAsync(request.Http, error).ConfigureAwait(false);
            return;
        }

        using (answer)
        {
            if (answer.IsSuccessStatusCode && ReceiptOf(answer) is { } receipt)
                await AwaitAppliedAsync(receipt, request.Aborted).ConfigureAwait(false);
            ServedBy.Name(request.Http, home);
            await relay.CopyAsync(answer, request.Http, home).ConfigureAwait(false);
        }
    }

    private async Task AwaitAppliedAsync(FeedPosition receipt, CancellationToken cancellation)
    {
        try
        {
            await tails.Of(receipt.Region)!.Applied.WaitForAsync(receipt.Number, cancellation).WaitAsync(
                ApplyTimeout, clock, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OtherRegionsUnreachableException)
        {
            // The tail is behind by more than that, and so holds no lease; or the home went on under another incarnation.
        }
    }

    private FeedPosition? ReceiptOf(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues(HeaderNames.GeoRegistryReceipt, out var values)
            && FeedPosition.TryParse(values.First(), out var receipt) && tails.Of(receipt.Region) is not null
            ? receipt
            : null;

    private static Durability DurabilityOf(OciRequest request, PolicyRule policy, out RegistryError? fault)
    {
        fault = null;
        var header = request.Http.Request.Headers[HeaderNames.GeoRegistryDurability].ToString();
        if (header.Length == 0) return policy.Durability;
        if (!TopologyReader.TryDurability(header, out var durability))
            fault = RegistryError.Of(
                ErrorCode.Unsupported,
                $"{HeaderNames.GeoRegistryDurability} is local, one, majority or all, not '{header}'.") with { Status = 400 };
        else if (durability != Durability.Local && policy.IsLazy)
            fault = RegistryError.Of(
                ErrorCode.Unsupported,
                $"Blobs of {request.Repository} are copied when they are pulled, so no push can wait for it: its policy says lazy.")
                with { Status = 400 };
        return durability;
    }

    private RegistryError NotDurable(FeedPosition receipt, int count) => RegistryError.Of(
        ErrorCode.Unavailable,
        $"The push is committed but was not complete in {count} regions after {options.DurabilityTimeout.TotalSeconds} s; "
            + "pushing again is safe and waits again.",
        ("receipt", receipt.ToString()));
}
