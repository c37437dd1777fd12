using GeoRegistry.Replication.Hydration;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Hydration;

/// <summary>A fetch whose store fails at each of its steps in turn.</summary>
public sealed class StoreFaultTests
{
    private const int Left = 100_000;

    private readonly SampleBlob _blob = SampleBlob.Random(3, 1_000_000);

    public static TheoryData<StoreCall, bool> Calls()
    {
        var calls = new TheoryData<StoreCall, bool>();
        foreach (var call in new[]
        {
            StoreCall.Find, StoreCall.Resume, StoreCall.Begin, StoreCall.Append,
            StoreCall.Flush, StoreCall.Read, StoreCall.Truncate, StoreCall.Commit,
        })
        {
            calls.Add(call, false);
            calls.Add(call, true);
        }

        return calls;
    }

    /// <summary>Each call of the kind fails once: the first, the second, … as many as a fetch without a failure makes.</summary>
    [Theory]
    [MemberData(nameof(Calls))]
    public async Task RunAsync_CallFails_IsNobodysFaultAndTheNextFetchSucceeds(StoreCall call, bool afterwards)
    {
        var number = 0;
        for (var calls = 1; number < calls; number++)
        {
            await using var damaged = await TestSource.StartAsync(_blob);
            await using var whole = await TestSource.StartAsync(_blob);
            await using var region = new HydratingRegion(damaged.Address, whole.Address);
            damaged.Send = TestSource.SendDamagedAsync; // So that bytes are taken back too.

            // What an earlier fetch left is read; without it, an upload is begun.
            if (call != StoreCall.Begin)
            {
                await using (var left = await region.Blobs.BeginUploadAsync(BlobFetch.KeyOf(_blob.Digest)))
                    await left.AppendAsync(_blob.Content.AsMemory(0, Left));
            }

            if (number == 0)
            {
                Assert.IsType<FetchOutcome.Stored>(
                    await region.Fetch(_blob, region.Faulty).RunAsync([Us, Ap], default).OrFail("the fetch without a failure"));
                calls = Math.Min(region.Faulty.CountOf(call), 8) + 1;
                Assert.True(calls > 1, $"a fetch makes no call of the kind {call}");
                continue;
            }

            region.Faulty.FailAt(call, first: number, last: number, afterwards: afterwards);
            var failed = await region.Fetch(_blob, region.Faulty).RunAsync([Us, Ap], default).OrFail("the fetch that fails");
            Assert.True(
                failed is FetchOutcome.Failed { Fault: FetchFault.Store } fault
                    && fault.Reason.Contains("No space", StringComparison.Ordinal),
                $"{failed} at call {number}");
            if (await region.StoredAsync(_blob) is { } stored)
                Assert.True(call == StoreCall.Commit && afterwards && stored.SequenceEqual(_blob.Content), "something partial is visible");
            Assert.False(region.Damaged.Has(_blob.Digest, Ap), "the whole copy is blamed");

            Assert.IsType<FetchOutcome.Stored>(
                await region.Fetch(_blob, region.Faulty).RunAsync([Us, Ap], default).OrFail("the next fetch"));
            Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
            Assert.Empty(await region.UploadsAsync());
        }
    }

    [Fact]
    public async Task RunAsync_DiskIsFull_GivesBackItsSpace()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        region.Faulty.FailAt(StoreCall.Append, first: 2);

        Assert.True(
            await region.Fetch(_blob, region.Faulty).RunAsync([Us], default).OrFail("the fetch")
                is FetchOutcome.Failed { Fault: FetchFault.Store });
        Assert.Empty(await region.UploadsAsync());
        Assert.Single(source.Requests); // Nor is it asked for repeatedly.
    }

    /// <summary>A store that is away can discard nothing either. The next fetch resumes what is left.</summary>
    [Fact]
    public async Task RunAsync_DiscardFailsToo_LeavesNothingAfterTheNextFetch()
    {
        await using var source = await TestSource.StartAsync(_blob);
        await using var region = new HydratingRegion(source.Address);
        region.Faulty.FailAt(StoreCall.Append, first: 2).FailAt(StoreCall.Discard);

        Assert.True(
            await region.Fetch(_blob, region.Faulty).RunAsync([Us], default).OrFail("the fetch")
                is FetchOutcome.Failed { Fault: FetchFault.Store });
        Assert.Single(await region.UploadsAsync());
        region.Faulty.Heal();
        Assert.IsType<FetchOutcome.Stored>(await region.Fetch(_blob, region.Faulty).RunAsync([Us], default).OrFail("the next fetch"));
        Assert.Empty(await region.UploadsAsync());
        Assert.Equal(_blob.Content, await region.StoredAsync(_blob));
    }

    /// <summary>Nobody has the blob, and its upload cannot be discarded: that is this region's failure and counts for nothing.</summary>
    [Fact]
    public async Task RunAsync_DiscardOfWhatNobodyHasFails_IsNotTheBlobsFault()
    {
        await using var source = await TestSource.StartAsync();
        await using var region = new HydratingRegion(source.Address);
        region.Faulty.FailAt(StoreCall.Discard);

        Assert.True(
            await region.Fetch(_blob, region.Faulty).RunAsync([Us], default).OrFail("the fetch")
                is FetchOutcome.Failed { Fault: FetchFault.Store });
    }
}
