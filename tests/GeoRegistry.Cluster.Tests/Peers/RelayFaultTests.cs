using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.Cluster.Tests.Writes;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>
/// Requests that pass from one region to another, where each exchange between the two fails in turn: what was acknowledged is
/// there, each write is done once, and nothing wrong or absent is answered in place of what could not be asked.
/// </summary>
[Collection(InProcessRegions.Collection)]
public sealed class RelayFaultTests
{
    private readonly InProcessRegions _regions;
    private readonly ITestOutputHelper _output;
    private readonly Random _random;

    public RelayFaultTests(InProcessRegions regions, ITestOutputHelper output) =>
        (_regions, _output, _random) = (regions, output, Seeds.Next(output));

    public static TheoryData<PeerFault, bool> Ways => PeerFaults.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public Task Push_ExchangesFail_IsDoneOnceAndCompleteWhereItSaysSo(PeerFault how, bool restarts) =>
        FailAsync(how, () => PushAsync(restarts), "POST /peer/links", "PUT /manifests", "GET /peer/blobs", "GET /peer/receipts");

    [Theory]
    [MemberData(nameof(Ways))]
    public Task Delete_ExchangesFail_IsDoneOnce(PeerFault how, bool restarts) =>
        FailAsync(how, () => DeleteAsync(restarts), "DELETE /manifests");

    [Theory]
    [MemberData(nameof(Ways))]
    public Task Upload_ExchangesFail_GoesOnWhereItStopped(PeerFault how, bool restarts) =>
        FailAsync(how, () => UploadAsync(restarts), "PATCH /blobs/uploads", "PUT /blobs/uploads");

    [Theory]
    [MemberData(nameof(Ways))]
    public Task Pull_ExchangesFail_AnswersNothingWrongOrAbsent(PeerFault how, bool restarts) =>
        FailAsync(how, () => PullAsync(restarts), "GET /tags/list", "GET /peer/blobs");

    /// <summary>
    /// The home took the announcement of an upload, the answer was lost, and the blob was deleted: announced once more, and asked
    /// for by a push that names it, it does not come back.
    /// </summary>
    [Fact]
    public async Task Announcement_RepeatedAfterTheBlobWasDeleted_DoesNotBringItBack()
    {
        var (repository, eu, us) = ($"relayed/{Guid.NewGuid():n}", _regions.ClientOf("eu"), _regions.ClientOf("us"));
        var name = RepositoryName.Parse(repository);
        await eu.PushAsync(repository, null, TestImage.Next(_random, 1000), "all");
        var isRepeatedLater = false;
        for (var attempt = 1; attempt <= 5 && !isRepeatedLater; attempt++)
        {
            var (blob, image) = (Blob.Next(_random, 1000), Blob.Next(_random, 100));
            (_regions.PeerFaults.How, var digest) = (PeerFault.NoAnswer, Digest.Parse(blob.Digest));
            await eu.PushBlobAsync(repository, image);
            _regions.PeerCalls.Clear();
            _regions.PeerCalls.Fail("POST /peer/links", InjectedFault.AnswerLost);
            await us.PushBlobAsync(repository, blob, looksFirst: false);
            Assert.True(_regions.PeerCalls.Met.IsCompleted);
            Assert.Equal(HttpStatusCode.OK, (await eu.HeadBlobAsync(repository, blob.Digest)).Status);

            (await eu.SendAsync(HttpMethod.Delete, $"/v2/{repository}/blobs/{blob.Digest}")).Expect(HttpStatusCode.Accepted);

            // The push asks the other region too, where the upload's link may be left until the home confirms it.
            foreach (var region in new[] { eu, us })
                (await region.PutManifestAsync(repository, "1", TestImage.Of([image, blob]))).Expect(HttpStatusCode.NotFound);
            isRepeatedLater = await _regions["us"].Metadata.FindAnnouncementAsync(name, digest) is not null;
            await Waiting.UntilAsync("the home has confirmed the upload", async () =>
                await _regions["us"].Metadata.FindAnnouncementAsync(name, digest) is null);
            foreach (var region in new[] { "eu", "us" }) Assert.Null(await _regions[region].Metadata.FindBlobAsync(name, digest));
        }

        Assert.True(isRepeatedLater, "No announcement was repeated after the deletion.");
    }

    private Task FailAsync(PeerFault how, Func<Task> run, params IReadOnlyList<string> including)
    {
        _regions.PeerFaults.How = how;
        var fault = how is PeerFault.NothingTaken or PeerFault.HalfTaken ? InjectedFault.NotRun : InjectedFault.AnswerLost;
        return EachStep.FailAsync(_regions.PeerCalls, fault, run, _output, including);
    }

    private async Task PushAsync(bool restarts)
    {
        var (repository, image, other, client) = await BeginAsync(restarts);
        foreach (var blob in image.Blobs) await UploadAsync(client, repository, blob);
        var answer = await client.WriteAsync(
            (us, headers, aborted) => us.PutManifestAsync(repository, "1", image, headers, aborted),
            HttpStatusCode.Created,
            () => TagAsync(repository, other));

        var commit = await AssertDoneOnceAsync(
            client, repository, "PUT /manifests", WriteKind.PutManifest, image.Digest, image.MediaType, "1");
        Assert.Equal(answer.Receipt, (await _regions["eu"].Metadata.FindPositionAsync(commit.Ledger, commit.Number)).ToString());
        foreach (var region in new[] { "eu", "us" })
        {
            await _regions.AssertHasAsync(region, repository, image);
            await _regions.ClientOf(region).PullExactlyAsync(repository, "1", commit.Number == 3 ? image : other);
            await _regions.ClientOf(region).PullExactlyAsync(repository, image.Digest, image);
        }
    }

    private async Task DeleteAsync(bool restarts)
    {
        var (repository, _, other, client) = await BeginAsync(restarts);
        await PausedAsync(() => TagAsync(repository, other));

        // Between the attempts another client sets the tag again, which the repetition must not delete.
        await client.WriteAsync(
            (us, headers, aborted) => us.SendAsync(
                HttpMethod.Delete, $"/v2/{repository}/manifests/1", headers: headers, cancellation: aborted),
            HttpStatusCode.Accepted,
            () => TagAsync(repository, other));

        var commit = await AssertDoneOnceAsync(client, repository, "DELETE /manifests", WriteKind.DeleteReference, "1");
        foreach (var region in new[] { "eu", "us" })
        {
            var expected = commit.Number == 3 && commit.Number == await HeadAsync(repository)
                ? HttpStatusCode.NotFound
                : HttpStatusCode.OK;
            Assert.Equal(expected, (await _regions.ClientOf(region).GetManifestAsync(repository, "1")).Status);
        }
    }

    // An upload that the home began, and that goes on through the other region.
    private async Task UploadAsync(bool restarts)
    {
        var (repository, _, _, client) = await BeginAsync(restarts);
        var blob = Blob.Next(_random, 100_000);
        var location = (await _regions.ClientOf("eu").BeginUploadAsync(repository)).Headers["Location"];
        var (sent, half) = (0, blob.Bytes.Length / 2);
        for (var request = 1; ; request++)
        {
            Assert.True(request < 10, "The upload takes too many requests.");
            var (from, isLast) = (sent, sent >= half);
            var answer = await client.SendAsync(us => isLast
                ? us.CompleteUploadAsync(location, blob.Digest, blob.Bytes.AsMemory(from))
                : us.PatchAsync(location, blob.Bytes.AsMemory(from, half - from), from));
            if (answer.Expect(HttpStatusCode.Created, HttpStatusCode.Accepted, HttpStatusCode.RequestedRangeNotSatisfiable).Status
                == HttpStatusCode.Created)
            {
                break;
            }

            // The end of what is there is said as the last byte's offset.
            var range = answer.Headers["Range"];
            sent = int.Parse(range[(range.IndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture) + 1;
        }

        Assert.All(client.Failures, failure => Assert.Equal(HttpStatusCode.ServiceUnavailable, failure.Status));
        Assert.Equal(blob.Bytes, await _regions.ClientOf("eu").PullBlobAsync(repository, blob.Digest));
    }

    private async Task PullAsync(bool restarts)
    {
        var (repository, image, _, client) = await BeginAsync(restarts, "lazy/");
        await PausedAsync(() => _regions.ClientOf("eu").PushAsync(repository, "1", image));
        await Waiting.UntilAsync("the other region knows the tag", async () =>
            await _regions["us"].Metadata.FindTagAsync(RepositoryName.Parse(repository), Tag.Parse("1")) is not null);
        var tags = await client.SendAsync(us => us.SendAsync(HttpMethod.Get, $"/v2/{repository}/tags/list"));
        Assert.Contains("\"1\"", tags.Expect(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        Assert.Equal(image.Manifest, (await client.SendAsync(us => us.GetManifestAsync(repository, "1"))).Expect(HttpStatusCode.OK).Body);
        foreach (var blob in image.Blobs)
            Assert.Equal(
                blob.Bytes,
                (await client.SendAsync(us => us.GetBlobAsync(repository, blob.Digest))).Expect(HttpStatusCode.OK).Body);
        Assert.All(client.Failures, failure => Assert.Equal(HttpStatusCode.ServiceUnavailable, failure.Status));
    }

    /// <summary>A new repository with another image, complete in both regions; and what is to be pushed.</summary>
    private async Task<(string Repository, TestImage Image, TestImage Other, RepeatingClient Client)> BeginAsync(
        bool restarts, string prefix = "")
    {
        var repository = $"{prefix}relayed/{Guid.NewGuid():n}";
        var (image, other) = (TestImage.Next(_random, 1000), TestImage.Next(_random, 1000));
        if (prefix.Length == 0) await PausedAsync(() => _regions.ClientOf("eu").PushAsync(repository, null, other, "all"));
        return (repository, image, other, new RepeatingClient(_regions, "us", restarts));
    }

    private static async Task UploadAsync(RepeatingClient client, string repository, Blob blob)
    {
        var location = (await client.SendAsync(us => us.BeginUploadAsync(repository))).Headers["Location"];
        (await client.SendAsync(us => us.CompleteUploadAsync(location, blob.Digest, blob.Bytes))).Expect(HttpStatusCode.Created);
    }

    private async Task TagAsync(string repository, TestImage image) =>
        (await _regions.ClientOf("eu").PutManifestAsync(repository, "1", image)).Expect(HttpStatusCode.Created);

    private async Task<long> HeadAsync(string repository) =>
        (await _regions["eu"].Metadata.ReadHeadAsync(Ledgers.LedgerId.Of(RepositoryName.Parse(repository)))).Number;

    private async Task<Commit> AssertDoneOnceAsync(
        RepeatingClient client, string repository, string call, WriteKind kind, params IReadOnlyList<string> names)
    {
        Assert.All(client.Failures, failure => Assert.Equal(HttpStatusCode.ServiceUnavailable, failure.Status));
        Assert.Equal(client.Writes, _regions.PeerCalls.CallsOf(call)); // Nothing between repeats what may be done already.
        return await client.FindCommitAsync(repository, kind, names);
    }

    private async Task PausedAsync(Func<Task> act)
    {
        _regions.PeerCalls.ArePaused = true;
        await act();
        _regions.PeerCalls.ArePaused = false;
    }
}
