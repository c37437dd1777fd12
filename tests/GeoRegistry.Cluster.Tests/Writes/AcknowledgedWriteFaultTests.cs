using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>
/// Pushes that are to be complete in all regions, where the regions' stores fail at each call that is made for the push: what was
/// acknowledged is in all regions, and each push is done once, with one receipt.
/// </summary>
[Collection(InProcessRegions.Collection)]
public sealed class AcknowledgedWriteFaultTests
{
    private readonly InProcessRegions _regions;
    private readonly ITestOutputHelper _output;
    private readonly Random _random;

    public AcknowledgedWriteFaultTests(InProcessRegions regions, ITestOutputHelper output) =>
        (_regions, _output, _random) = (regions, output, Seeds.Next(output));

    public static TheoryData<InjectedFault, bool> Ways => EachStep.WaysOfRequests;

    [Theory]
    [MemberData(nameof(Ways))]
    public Task PushThroughTheHome_StoresFail_IsCompleteInAllRegionsWhenItIsAcknowledged(InjectedFault fault, bool restarts) =>
        FailAsync(fault, "eu", restarts);

    [Theory]
    [MemberData(nameof(Ways))]
    public Task PushThroughAnotherRegion_StoresFail_IsCompleteInAllRegionsWhenItIsAcknowledged(InjectedFault fault, bool restarts) =>
        FailAsync(fault, "us", restarts);

    private Task FailAsync(InjectedFault fault, string through, bool restarts) => EachStep.FailAsync(
        _regions.StoreCalls, fault, () => PushAsync(through, restarts), _output,
        nameof(ILedgerStore.FindWriteAsync), nameof(ILedgerStore.AppendAsync), nameof(IHydrationQueue.IsCompleteAsync));

    private async Task PushAsync(string through, bool restarts)
    {
        var (repository, image, other) = (
            $"acknowledged/{Guid.NewGuid():n}", TestImage.Next(_random, 1000), TestImage.Next(_random, 1000));
        await _regions.ClientOf("eu").PushAsync(repository, null, other, "all");
        foreach (var blob in image.Blobs) await _regions.ClientOf(through).PushBlobAsync(repository, blob);
        var client = new RepeatingClient(_regions, through, restarts);

        // Between the attempts another client moves the tag, which the repetition must not move back.
        var answer = await client.WriteAsync(
            async (region, headers, aborted) =>
            {
                var answer = await region.PutManifestAsync(repository, "1", image, headers, aborted);
                if (answer.Status != HttpStatusCode.Created) return answer;
                foreach (var each in new[] { "eu", "us" }) await _regions.AssertHasAsync(each, repository, image);
                return answer;
            },
            HttpStatusCode.Created,
            async () => (await _regions.ClientOf("eu").PutManifestAsync(repository, "1", other)).Expect(HttpStatusCode.Created));

        var commit = await client.FindCommitAsync(repository, WriteKind.PutManifest, image.Digest, image.MediaType, "1");
        Assert.Equal(answer.Receipt, (await _regions["eu"].Metadata.FindPositionAsync(commit.Ledger, commit.Number)).ToString());
        foreach (var region in new[] { "eu", "us" })
            await _regions.ClientOf(region).PullExactlyAsync(repository, "1", commit.Number == 3 ? image : other);
    }
}
