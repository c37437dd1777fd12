using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

public sealed class ParallelWritersTests : IAsyncLifetime
{
    private readonly TestRegion _region = new();

    [Fact]
    public async Task PutManifestAsync_ManyWritersInOneProcess_AllCommitWithoutAGap()
    {
        const int Writers = 40;
        var process = _region.Start();
        var image = await process.PushImageAsync("a");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => Task.Run(() => process.PutAsync(image, $"v{i}"))))
            .OrFail("the last push");

        Assert.Equal(
            Enumerable.Range(2, Writers).Select(i => (long)i),
            outcomes.Select(outcome => TestProcess.Committed(outcome).Number).Order());
        Assert.Equal(Writers, (await _region.Metadata.ListTagsAsync(TestProcess.Name, null, 100)).Count);
    }

    [Fact]
    public async Task PutManifestAsync_TwoProcesses_LoseNoAcknowledgedCommit()
    {
        var processes = new[] { _region.Start(), _region.Start() };
        var image = await processes[0].PushImageAsync("a");

        var acknowledged = (await Task.WhenAll(processes.Select((process, who) => Task.Run(() => PushTagsAsync(process, image, who))))
                .OrFail("the last push"))
            .SelectMany(tags => tags).ToArray();

        Assert.InRange(acknowledged.Length, 20, 80);
        foreach (var process in processes)
        {
            foreach (var tag in acknowledged) Assert.Equal(image.Digest, await process.ReadAsync(tag));
        }

        var commits = await processes[0].ReadCommitsAsync();
        Assert.Equal(Enumerable.Range(1, commits.Count).Select(i => (long)i), commits.Select(commit => commit.Number));
    }

    /// <summary>
    /// "Correctness does not rest on being alone": what another process deleted is not there, though this one remembers
    /// it.
    /// </summary>
    [Fact]
    public async Task PutManifestAsync_AnotherProcessDeletedTheManifest_StoresItAgain()
    {
        var (here, there) = (_region.Start(), _region.Start());
        var image = await here.PushImageAsync("a");
        TestProcess.Committed(await there.DeleteAsync($"{image.Digest}"));

        TestProcess.Committed(await here.PutAsync(image, "v1"));

        Assert.NotNull(await _region.Metadata.FindManifestAsync(TestProcess.Name, image.Digest));
    }

    /// <summary>As above, where the push asks for nothing but the manifest: it must not be acknowledged from memory.</summary>
    [Fact]
    public async Task PutManifestAsync_AnotherProcessDeletedTheManifestAndNoTagIsSet_StoresItAgain()
    {
        var (here, there) = (_region.Start(), _region.Start());
        var image = await here.PushImageAsync("a");
        TestProcess.Committed(await there.DeleteAsync($"{image.Digest}"));

        TestProcess.Committed(await here.PutAsync(image));

        Assert.NotNull(await _region.Metadata.FindManifestAsync(TestProcess.Name, image.Digest));
    }

    /// <summary>
    /// A process that read a tag and has not written yet reads the head again; its decision must be on the stored state too.
    /// </summary>
    [Fact]
    public async Task DeleteAsync_AnotherProcessMovedTheTag_ThePreconditionIsOnTheStoredState()
    {
        var (here, there) = (_region.Start(), _region.Start());
        var (a, b) = (await there.PushImageAsync("a", "v1"), await there.PushImageAsync("b"));
        Assert.Equal(a.Digest, await here.ReadAsync("v1"));
        TestProcess.Committed(await there.PutAsync(b, "v1"));

        var outcome = await here.DeleteAsync("v1", Precondition.None with { AnyOf = [$"{a.Digest}"] });

        Assert.Equal(412, TestProcess.Refused(outcome).Status);
        Assert.Equal(b.Digest, await _region.Metadata.FindTagAsync(TestProcess.Name, Tag.Parse("v1")));
    }

    [Fact]
    public async Task PutManifestAsync_AnotherProcessDeletedABlob_IsRefused()
    {
        var (here, there) = (_region.Start(), _region.Start());
        await here.PushBlobAsync(SampleManifests.ConfigOf("a"));
        Assert.NotNull(await here.Blobs.FindAsync(TestProcess.Name, SampleManifests.ConfigOf("a").Digest));
        TestProcess.Committed(await there.DeleteBlobAsync(SampleManifests.ConfigOf("a").Digest));

        Assert.Equal(404, TestProcess.Refused(await here.PutAsync(SampleManifests.Image("a"))).Status);
    }

    [Fact]
    public async Task PutManifestAsync_Cancelled_LeavesTheRepositoryUsable()
    {
        var process = _region.Start();
        var image = await process.PushImageAsync("a");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => process.Repository.PutManifestAsync(
            new PutManifest(image, [Tag.Parse("v1")], Precondition.None, new WriteOrigin()), new CancellationToken(canceled: true)));

        Assert.Null(await process.ReadAsync("v1"));
        TestProcess.Committed(await process.PutAsync(image, "v1"));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();

    private static async Task<IReadOnlyList<string>> PushTagsAsync(TestProcess process, Protocol.Manifests.Manifest image, int who)
    {
        var acknowledged = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            switch (await process.PutAsync(image, $"p{who}-{i}"))
            {
                case WriteOutcome.Committed:
                    acknowledged.Add($"p{who}-{i}");
                    break;
                case WriteOutcome.Refused refused:
                    Assert.Equal(429, Assert.Single(refused.Errors).Status);
                    break;
            }
        }

        return acknowledged;
    }
}
