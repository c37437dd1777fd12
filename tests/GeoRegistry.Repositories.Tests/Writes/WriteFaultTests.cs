using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Repositories.Tests.Writes;

/// <summary>
/// Writes whose region fails at each call to its stores: what was acknowledged is there, what was not is there whole or not at
/// all, and a repetition gets the first outcome.
/// </summary>
public sealed class WriteFaultTests(ITestOutputHelper output)
{
    private const string Tag = "v1";

    private static readonly SampleBlob Layer = SampleBlob.Random(1, 1000);
    private static readonly Manifest Image = SampleManifests.Image("b", layers: Layer);
    private static readonly IReadOnlyList<SampleBlob> Blobs = [SampleManifests.ConfigOf("b"), Layer];
    private static readonly WriteId Id = WriteId.OfKey("the write");
    private static readonly WriteId Put = Id.For(WriteKind.PutManifest, $"{Image.Digest}", Image.MediaType, Tag);
    private static readonly WriteId Deletion = Id.For(WriteKind.DeleteReference, $"{Image.Digest}");

    [Theory]
    [MemberData(nameof(EachStep.WaysOfRequests), MemberType = typeof(EachStep))]
    public Task Push_FailsAtEachStep_IsDoneOnceAndWhole(InjectedFault fault, bool restarts) => EachStep.FailAsync(
        fault,
        faults => PushAsync(faults, restarts),
        output,
        "Blob.Append",
        "Blob.Commit",
        nameof(IRepositoryTables.LinkBlobAsync),
        nameof(ILedgerStore.AppendAsync));

    [Theory]
    [MemberData(nameof(EachStep.WaysOfRequests), MemberType = typeof(EachStep))]
    public Task Delete_FailsAtEachStep_IsDoneOnceAndWhole(InjectedFault fault, bool restarts) =>
        EachStep.FailAsync(
            fault,
            faults => DeleteAsync(faults, restarts),
            output,
            nameof(ILedgerStore.FindWriteAsync),
            nameof(ILedgerStore.AppendAsync));

    private static async Task PushAsync(StoreFaults faults, bool restarts)
    {
        await using var region = new TestRegion(inMemory: true);
        var earlier = region.Start();
        var (before, after) = (await earlier.PushImageAsync("a", Tag), await earlier.PushImageAsync("c"));
        var client = new RetryingClient(region, faults, restarts, process => CheckAsync(region, process, [before, after, Image]));
        foreach (var blob in Blobs)
        {
            await client.UploadAsync(blob);
            Assert.Equal(blob.SizeBytes, await region.Metadata.FindBlobAsync(TestProcess.Name, blob.Digest));
        }

        // Between the two attempts another client moves the tag, which the repetition must not move back.
        var outcome = await client.PutAsync(Image, Tag, Id, async process => TestProcess.Committed(await process.PutAsync(after, Tag)));

        var commits = await AssertDoneOnceAsync(client.Process, Put, outcome, count: 4);
        Assert.Equal(
            commits[^1].Write == Put ? Image.Digest : after.Digest,
            await region.Metadata.FindTagAsync(TestProcess.Name, Protocol.Tag.Parse(Tag)));
        Assert.NotNull(await region.Metadata.FindManifestAsync(TestProcess.Name, Image.Digest));

        // What failed requests left goes with time.
        region.Clock.Advance(region.Options.UploadExpiry + TimeSpan.FromHours(1));
        await region.Start().Uploads.SweepAsync();
        Assert.Empty(await region.Blobs.ListUploadsAsync().ToListAsync());
    }

    private static async Task DeleteAsync(StoreFaults faults, bool restarts)
    {
        await using var region = new TestRegion(inMemory: true);
        var earlier = region.Start();
        foreach (var blob in Blobs) await earlier.PushBlobAsync(blob);
        TestProcess.Committed(await earlier.PutAsync(Image, Tag, "v2"));
        var client = new RetryingClient(region, faults, restarts, process => CheckAsync(region, process, [Image]));

        // Between the two attempts another client pushes it again, which the repetition must not delete.
        var outcome = await client.DeleteAsync(
            Image.Digest, Id, async process => TestProcess.Committed(await process.PutAsync(Image, Tag)));

        var commits = await AssertDoneOnceAsync(client.Process, Deletion, outcome, count: null);
        Assert.Equal(
            commits[^1].Write == Deletion ? null : Image.Digest,
            await region.Metadata.FindTagAsync(TestProcess.Name, Protocol.Tag.Parse(Tag)));
    }

    private static async Task<IReadOnlyList<Commit>> AssertDoneOnceAsync(
        TestProcess process, WriteId write, WriteOutcome outcome, int? count)
    {
        var commits = await process.ReadCommitsAsync();
        if (count is not null) Assert.Equal(count, commits.Count);
        var done = Assert.Single(commits, commit => commit.Write == write);
        var committed = Assert.IsType<WriteOutcome.Committed>(outcome);
        Assert.Equal((done.Number, done.Number), (committed.Head.Number, committed.Position?.Number));
        return commits;
    }

    /// <summary>What must hold at any time: the tables have what the commits say, readers get it, and what is linked is stored.</summary>
    private static async Task CheckAsync(TestRegion region, TestProcess process, IReadOnlyList<Manifest> manifests)
    {
        var (tags, puts) = (new Dictionary<string, Digest>(), new HashSet<Digest>());
        foreach (var operation in (await process.ReadCommitsAsync()).SelectMany(commit => commit.Operations))
        {
            if (operation is Operation.ManifestPut(var manifest)) puts.Add(manifest.Digest);
            if (operation is Operation.ManifestDeleted(var deleted)) puts.Remove(deleted);
            if (operation is Operation.TagSet(var tag, var digest)) tags[tag.ToString()] = digest;
            if (operation is Operation.TagDeleted(var removed)) tags.Remove(removed.ToString());
        }

        Digest? tagged = tags.TryGetValue(Tag, out var named) ? named : null;
        Assert.Equal(tagged, await region.Metadata.FindTagAsync(TestProcess.Name, Protocol.Tag.Parse(Tag)));
        Assert.Equal(tagged, await process.ReadAsync(Tag));
        foreach (var digest in manifests.Select(manifest => manifest.Digest))
        {
            Digest? put = puts.Contains(digest) ? digest : null;
            Assert.Equal(put, (await region.Metadata.FindManifestAsync(TestProcess.Name, digest))?.Digest);
            Assert.Equal(put, await process.ReadAsync($"{digest}"));
        }

        foreach (var blob in Blobs)
        {
            var stored = await region.Blobs.OpenAsync(blob.Digest);
            if (await region.Metadata.FindBlobAsync(TestProcess.Name, blob.Digest) is not null) Assert.NotNull(stored);
            if (stored is null) continue;
            await using (stored) Assert.Equal(blob.Content, await ReadAsync(stored));
        }
    }

    private static async Task<byte[]> ReadAsync(IBlobReader reader)
    {
        var content = new byte[reader.SizeBytes + 1];
        return content[..await reader.ReadAsync(0, content)];
    }
}
