using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class RepositoryTablesContract
{
    [Fact]
    public async Task LinkBlobAsync_NewBlob_IsFoundInTheRepositoryAndAnywhere()
    {
        var (name, blob) = (RepositoryName.Parse("library/sample"), SampleBlob.Of("blob"));
        Assert.Null(await Tables.FindBlobAsync(name, blob.Digest));
        Assert.Null(await Tables.FindBlobAnywhereAsync(blob.Digest));

        await Tables.LinkBlobAsync(name, blob.Digest, blob.SizeBytes);

        Assert.Equal(blob.SizeBytes, await Tables.FindBlobAsync(name, blob.Digest));
        Assert.Equal(blob.SizeBytes, await Tables.FindBlobAnywhereAsync(blob.Digest));
        Assert.Null(await Tables.FindBlobAsync(RepositoryName.Parse("library/other"), blob.Digest));
    }

    [Fact]
    public async Task IsBlobCommittedAsync_UploadThenCommitThenDeletion_IsWhatTheCommitsSay()
    {
        var (ledger, blob) = (Ledger(), SampleBlob.Of("blob"));
        await Tables.LinkBlobAsync(ledger.Repository, blob.Digest, blob.SizeBytes);
        Assert.False(await Tables.IsBlobCommittedAsync(ledger.Repository, blob.Digest));

        await ledger.AppendAsync(new Operation.BlobLinked(blob.Digest, blob.SizeBytes));
        Assert.True(await Tables.IsBlobCommittedAsync(ledger.Repository, blob.Digest));
        Assert.False(await Tables.IsBlobCommittedAsync(RepositoryName.Parse("library/other"), blob.Digest));

        await ledger.AppendAsync(new Operation.BlobDeleted(blob.Digest));
        Assert.False(await Tables.IsBlobCommittedAsync(ledger.Repository, blob.Digest));
    }

    [Fact]
    public async Task LinkBlobAsync_AgainAndInParallel_ChangesNothing()
    {
        var (name, blob) = (RepositoryName.Parse("library/sample"), SampleBlob.Of("blob"));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => Tables.LinkBlobAsync(name, blob.Digest, blob.SizeBytes))))
            .OrFail("the last link");

        Assert.Equal(blob.SizeBytes, await Tables.FindBlobAsync(name, blob.Digest));
    }

    [Fact]
    public async Task LinkBlobAsync_EmptyAndHugeBlobs_KeepTheirSizes()
    {
        var name = RepositoryName.Parse("library/sample");
        await Tables.LinkBlobAsync(name, SampleBlob.Of("").Digest, 0);
        await Tables.LinkBlobAsync(name, SampleBlob.Of("huge").Digest, 1L << 44);

        Assert.Equal(0, await Tables.FindBlobAsync(name, SampleBlob.Of("").Digest));
        Assert.Equal(1L << 44, await Tables.FindBlobAsync(name, SampleBlob.Of("huge").Digest));
    }

    [Fact]
    public async Task LinkBlobAsync_StoreReopened_IsKept()
    {
        var (name, blob) = (RepositoryName.Parse("library/sample"), SampleBlob.Of("blob"));
        await Tables.LinkBlobAsync(name, blob.Digest, blob.SizeBytes);

        await Fixture.ReopenAsync();

        Assert.Equal(blob.SizeBytes, await Tables.FindBlobAsync(name, blob.Digest));
    }

    [Fact]
    public async Task LinkBlobAsync_RepositoryWithoutCommits_DoesNotMakeItExist()
    {
        var ledger = Ledger();
        await Tables.LinkBlobAsync(ledger.Repository, SampleBlob.Of("blob").Digest, 4);

        Assert.False(await Tables.ExistsAsync(ledger.Repository));
        Assert.Empty(await Tables.ListRepositoriesAsync(null, 10));
        Assert.Equal(LedgerHead.Empty, await Ledgers.ReadHeadAsync(ledger.Id));

        await ledger.PutAsync(SampleManifests.Image("a"));
        Assert.True(await Tables.ExistsAsync(ledger.Repository));
        Assert.Equal([ledger.Repository], await Tables.ListRepositoriesAsync(null, 10));
    }

    [Fact]
    public async Task FindBlobAsync_ManifestPut_HasTheBlobsItNames()
    {
        var (ledger, layer) = (Ledger(), SampleBlob.Of("layer"));
        var image = SampleManifests.Image("a", layers: layer);

        await ledger.PutAsync(image, SampleManifests.Index(image));

        Assert.Equal(layer.SizeBytes, await Tables.FindBlobAsync(ledger.Repository, layer.Digest));
        Assert.Equal(SampleManifests.ConfigOf("a").SizeBytes,
            await Tables.FindBlobAsync(ledger.Repository, SampleManifests.ConfigOf("a").Digest));
        Assert.Null(await Tables.FindBlobAsync(ledger.Repository, image.Digest));
    }

    [Fact]
    public async Task FindBlobAnywhereAsync_DeletedInOneRepository_IsStillInTheOther()
    {
        var (here, there, blob) = (Ledger("here"), Ledger("there"), SampleBlob.Of("blob"));
        await Tables.LinkBlobAsync(here.Repository, blob.Digest, blob.SizeBytes);
        await Tables.LinkBlobAsync(there.Repository, blob.Digest, blob.SizeBytes);

        await here.AppendAsync(new Operation.BlobDeleted(blob.Digest));
        Assert.Null(await Tables.FindBlobAsync(here.Repository, blob.Digest));
        Assert.Equal(blob.SizeBytes, await Tables.FindBlobAsync(there.Repository, blob.Digest));
        Assert.Equal(blob.SizeBytes, await Tables.FindBlobAnywhereAsync(blob.Digest));

        await there.AppendAsync(new Operation.BlobDeleted(blob.Digest));
        Assert.Null(await Tables.FindBlobAnywhereAsync(blob.Digest));
    }

    [Fact]
    public async Task ListRepositoriesAsync_ManyRepositories_AreInTheOrderOfBytesAndPaged()
    {
        string[] names = ["b", "a/b", "a-b", "a", "a.b", "a_b", "a0", "z/y/x", "0", "a/b/c"];
        foreach (var name in names) await Ledger(name).PutAsync(SampleManifests.Image("a"));
        await Tables.LinkBlobAsync(RepositoryName.Parse("a/blobs-only"), One, 1);

        var listed = new List<string>();
        for (var page = await PageAsync(null); page.Count > 0; page = await PageAsync(listed[^1]))
        {
            listed.AddRange(page);
            Assert.True(listed.Count <= names.Length, $"The last page never came: {page[0]} came again.");
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), listed);
        Assert.Equal(["a0", "a_b", "b"], await PageAsync("a/~not a name~"));

        async Task<IReadOnlyList<string>> PageAsync(string? after) =>
            [.. (await Tables.ListRepositoriesAsync(after, 3)).Select(name => name.ToString())];
    }

    [Fact]
    public async Task ListRepositoriesAsync_EmptiedRepositories_AreNotListedUntilTheyArePushedToAgain()
    {
        var (image, other) = (SampleManifests.Image("a"), SampleManifests.Image("b"));
        var ledgers = new[] { "a", "b", "c", "d", "e" }.Select(Ledger).ToArray();
        foreach (var ledger in ledgers) await ledger.PutAsync(image, other);
        foreach (var ledger in ledgers[..4])
            await ledger.AppendAsync(new Operation.ManifestDeleted(image.Digest), new Operation.ManifestDeleted(other.Digest));
        await ledgers[4].AppendAsync(new Operation.ManifestDeleted(image.Digest));

        Assert.Equal(["e"], await PageAsync(null));
        await ledgers[1].PutAsync(image);
        Assert.Equal(["b"], await PageAsync(null));
        Assert.Equal(["e"], await PageAsync("b"));

        async Task<IEnumerable<string>> PageAsync(string? after) =>
            (await Tables.ListRepositoriesAsync(after, 1)).Select(name => name.ToString());
    }

    [Fact]
    public async Task ExistsAsync_AllManifestsDeleted_StaysTrue()
    {
        var (ledger, image) = (Ledger(), SampleManifests.Image("a"));
        Assert.False(await Tables.ExistsAsync(ledger.Repository));
        await ledger.PutAsync(image);

        await ledger.AppendAsync(new Operation.ManifestDeleted(image.Digest));

        Assert.True(await Tables.ExistsAsync(ledger.Repository));
        Assert.Empty(await Tables.ListRepositoriesAsync(null, 10));
    }
}
