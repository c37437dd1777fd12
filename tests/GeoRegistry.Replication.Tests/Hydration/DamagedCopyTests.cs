using GeoRegistry.Replication.Hydration;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>Clients who read through while a region sends a damaged copy.</summary>
public sealed class DamagedCopyTests
{
    private readonly SampleBlob _large = SampleBlob.Random(4, 800_000);
    private readonly SampleBlob _small = SampleBlob.Random(5, FetchedCopy.VerifiedFirstBytes);

    [Fact]
    public async Task OpenAsync_SmallBlobDamagedInTheFirstRegion_ReadersNeverSeeIt()
    {
        await using var damaged = await TestSource.StartAsync(_small);
        await using var whole = await TestSource.StartAsync(_small);
        await using var region = new HydratingRegion(damaged.Address, whole.Address);
        damaged.Send = TestSource.SendDamagedAsync;

        var reader = await region.Fetches.OpenAsync(_small.Digest, _small.SizeBytes, default).OrFail("the answer");
        Assert.Equal(_small.Content, await region.ReadAsync(reader!).OrFail("all of it"));
    }

    /// <summary>Bytes that a client has got cannot be taken back: its read fails. Who has read nothing gets the whole copy.</summary>
    [Fact]
    public async Task ReadAsync_CopyTurnsOutDamaged_FailsOnlyForWhoHasReadOfIt()
    {
        await using var damaged = await TestSource.StartAsync(_large);
        await using var whole = await TestSource.StartAsync(_large);
        await using var region = new HydratingRegion(damaged.Address, whole.Address);
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        damaged.Send = async (http, bytes) =>
        {
            await http.Response.Body.WriteAsync(new byte[bytes.Length / 2]);
            await http.Response.Body.FlushAsync();
            await rest.Task;
            await http.Response.Body.WriteAsync(new byte[bytes.Length - (bytes.Length / 2)]);
        };
        var (early, late) = ((await OpenAsync(region))!, (await OpenAsync(region))!);
        Assert.True(await early.ReadAsync(0, new byte[1000]).AsTask().OrFail("the first bytes") > 0);
        var waits = early.ReadAsync(_large.SizeBytes - 1, new byte[1]).AsTask();
        rest.SetResult();

        await Assert.ThrowsAsync<DamagedCopyException>(() => waits.OrFail("the read fails"));
        await Assert.ThrowsAsync<DamagedCopyException>(
            () => early.ReadAsync(1000, new byte[1000]).AsTask().OrFail("so do those after it"));
        Assert.Equal(_large.Content, await region.ReadAsync(late).OrFail("all of it"));
        Assert.Equal(_large.Content, await region.StoredAsync(_large));
    }

    /// <summary>One pull finds the damage; those after it do not ask that region while another has the blob.</summary>
    [Fact]
    public async Task OpenAsync_RegionSentADamagedCopyBefore_IsAskedLast()
    {
        await using var damaged = await TestSource.StartAsync(_small);
        await using var whole = await TestSource.StartAsync(_small);
        await using var region = new HydratingRegion(damaged.Address, whole.Address);
        damaged.Send = TestSource.SendDamagedAsync;
        whole.Send = (http, _) =>
        {
            http.Response.ContentLength = 0;
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        };
        Assert.IsType<FetchOutcome.Failed>(await region.Fetches.FetchAsync(_small.Digest, _small.SizeBytes, Us).OrFail("the first fetch"));
        whole.Send = TestSource.SendAsync;
        Assert.IsType<FetchOutcome.Stored>(
            await region.Fetches.FetchAsync(_small.Digest, _small.SizeBytes, Us).OrFail("the second fetch"));

        Assert.Single(damaged.Requests);
        Assert.Contains(
            "Region us has a damaged copy",
            Assert.Single(region.Log.Lines, line => line.Level == LogLevel.Warning).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Add_MoreBlobsThanAreRemembered_ForgetsTheOldest()
    {
        var copies = new DamagedCopies(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var blobs = Enumerable.Range(0, DamagedCopies.MaxBlobs + 1).Select(i => SampleBlob.Of($"{i}").Digest).ToList();
        foreach (var digest in blobs) copies.Add(digest, Us, "seed");

        Assert.False(copies.Has(blobs[0], Us));
        Assert.All(blobs.Skip(1), digest => Assert.True(copies.Has(digest, Us)));
        Assert.False(copies.Has(blobs[^1], Ap));
    }

    private Task<Ledgers.Blobs.IBlobReader?> OpenAsync(HydratingRegion region) =>
        region.Fetches.OpenAsync(_large.Digest, _large.SizeBytes, default).OrFail("it is found");
}
