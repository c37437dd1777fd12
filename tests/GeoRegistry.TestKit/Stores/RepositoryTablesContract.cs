using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What <see cref="IRepositoryTables"/> promises; every store's tests derive from it.</summary>
public abstract partial class RepositoryTablesContract : MetadataStoreContract
{
    private const string OtherType = "application/vnd.example.bundle.v1+json";

    [Fact]
    public async Task FindManifestAsync_UnknownDigestOrRepository_IsNull()
    {
        var ledger = Ledger();
        await ledger.PutAsync(SampleManifests.Image("a"));

        Assert.Null(await Tables.FindManifestAsync(ledger.Repository, SampleManifests.Image("b").Digest));
        Assert.Null(await Tables.FindManifestAsync(RepositoryName.Parse("other"), SampleManifests.Image("a").Digest));
    }

    [Fact]
    public async Task FindManifestAsync_ManifestPut_HasItsBytesAndAllThatWasReadFromThem()
    {
        var (ledger, layer) = (Ledger(), SampleBlob.Of("layer"));
        var image = SampleManifests.Image("a", SampleBlob.Of("subject").Digest, "application/vnd.example", layer);

        await ledger.PutAsync(image);

        var found = await Tables.FindManifestAsync(ledger.Repository, image.Digest);
        Assert.Equal(image.Content.ToArray(), found!.Content.ToArray());
        Assert.Equal((image.Digest, image.MediaType, image.Subject, image.ArtifactType),
            (found.Digest, found.MediaType, found.Subject, found.ArtifactType));
        Assert.Equal(image.References, found.References);
    }

    [Fact]
    public async Task FindManifestAsync_PutBySha512_IsFoundByItAlone()
    {
        var ledger = Ledger();
        var image = SampleManifests.Image("a");
        var digest = Digest.Of(image.Content.Span, DigestAlgorithm.Sha512);
        await ledger.PutAsync(((ManifestReading.Accepted)ManifestReader.Read(image.Content, null, digest)).Manifest);

        Assert.Equal(digest, (await Tables.FindManifestAsync(ledger.Repository, digest))?.Digest);
        Assert.Null(await Tables.FindManifestAsync(ledger.Repository, image.Digest));
    }

    [Fact]
    public async Task FindManifestAsync_PutAgain_IsThereOnce()
    {
        var (ledger, layer) = (Ledger(), SampleBlob.Of("layer"));
        var image = SampleManifests.Image("a", SampleBlob.Of("subject").Digest, layers: layer);

        await ledger.PutAsync(image, image);
        await ledger.PutAsync(image);

        Assert.NotNull(await Tables.FindManifestAsync(ledger.Repository, image.Digest));
        Assert.Single(await Tables.ListReferrersAsync(ledger.Repository, image.Subject!.Value, null, null, 10));
        await ledger.AppendAsync(new Operation.ManifestDeleted(image.Digest));
        Assert.Null(await Tables.FindManifestAsync(ledger.Repository, image.Digest));
    }

    [Fact]
    public async Task FindManifestAsync_PutAgainUnderAnotherMediaType_HasTheNewOne()
    {
        var (ledger, config, hidden) = (Ledger(), SampleBlob.Of("config"), SampleBlob.Of("hidden"));
        await ledger.PutAsync(SampleManifests.TwoFaced(MediaTypes.OciImageManifest, config, hidden));

        await ledger.PutAsync(SampleManifests.TwoFaced(OtherType, config, hidden));

        var digest = SampleManifests.TwoFaced(OtherType, config, hidden).Digest;
        Assert.Equal(OtherType, (await Tables.FindManifestAsync(ledger.Repository, digest))?.MediaType);
        Assert.Equal(digest, await Tables.FindReferenceToAsync(ledger.Repository, hidden.Digest));
    }

    [Fact]
    public async Task FindReferenceToAsync_PutAgainUnderATypeThatNamesLess_DropsTheReference()
    {
        var (ledger, config, hidden) = (Ledger(), SampleBlob.Of("config"), SampleBlob.Of("hidden"));
        await ledger.PutAsync(SampleManifests.TwoFaced(OtherType, config, hidden));

        await ledger.PutAsync(SampleManifests.TwoFaced(MediaTypes.OciImageManifest, config, hidden));

        Assert.NotNull(await Tables.FindReferenceToAsync(ledger.Repository, config.Digest));
        Assert.Null(await Tables.FindReferenceToAsync(ledger.Repository, hidden.Digest));
    }

    [Fact]
    public async Task FindReferenceToAsync_ManifestDeletedAfterItsTypeChanged_LeavesNoReference()
    {
        var (ledger, config, hidden) = (Ledger(), SampleBlob.Of("config"), SampleBlob.Of("hidden"));
        await ledger.PutAsync(SampleManifests.TwoFaced(OtherType, config, hidden));
        var image = SampleManifests.TwoFaced(MediaTypes.OciImageManifest, config, hidden);
        await ledger.PutAsync(image);

        await ledger.AppendAsync(new Operation.ManifestDeleted(image.Digest));

        Assert.Null(await Tables.FindReferenceToAsync(ledger.Repository, config.Digest));
        Assert.Null(await Tables.FindReferenceToAsync(ledger.Repository, hidden.Digest));
    }

    [Fact]
    public async Task FindManifestAsync_DeletedAndPutAgain_IsThere()
    {
        var (ledger, image) = (Ledger(), SampleManifests.Image("a"));
        await ledger.PutAsync(image);
        await ledger.AppendAsync(new Operation.ManifestDeleted(image.Digest));
        Assert.Null(await Tables.FindManifestAsync(ledger.Repository, image.Digest));

        await ledger.PutAsync(image);

        Assert.NotNull(await Tables.FindManifestAsync(ledger.Repository, image.Digest));
        Assert.Equal(image.Digest, await Tables.FindReferenceToAsync(ledger.Repository, SampleManifests.ConfigOf("a").Digest));
    }

    [Fact]
    public async Task FindManifestAsync_DeletedInOneRepository_StaysInAnother()
    {
        var (here, there, image) = (Ledger("here"), Ledger("there"), SampleManifests.Image("a"));
        await here.PutAsync(image);
        await there.PutAsync(image);

        await here.AppendAsync(new Operation.ManifestDeleted(image.Digest));

        Assert.Null(await Tables.FindManifestAsync(here.Repository, image.Digest));
        Assert.NotNull(await Tables.FindManifestAsync(there.Repository, image.Digest));
        Assert.NotNull(await Tables.FindReferenceToAsync(there.Repository, SampleManifests.ConfigOf("a").Digest));
    }

    [Fact]
    public async Task FindReferenceToAsync_ConfigLayerAndChild_NamesTheManifest()
    {
        var (ledger, layer) = (Ledger(), SampleBlob.Of("layer"));
        var image = SampleManifests.Image("a", layers: layer);
        var index = SampleManifests.Index(image);
        await ledger.PutAsync(image, index);

        Assert.Equal(image.Digest, await Tables.FindReferenceToAsync(ledger.Repository, layer.Digest));
        Assert.Equal(image.Digest, await Tables.FindReferenceToAsync(ledger.Repository, SampleManifests.ConfigOf("a").Digest));
        Assert.Equal(index.Digest, await Tables.FindReferenceToAsync(ledger.Repository, image.Digest));
        Assert.Null(await Tables.FindReferenceToAsync(ledger.Repository, index.Digest));
        Assert.Null(await Tables.FindReferenceToAsync(RepositoryName.Parse("other"), layer.Digest));
    }

    [Fact]
    public async Task FindReferenceToAsync_SubjectOnly_IsNoReference()
    {
        var (ledger, subject) = (Ledger(), SampleManifests.Image("subject"));
        await ledger.PutAsync(subject, SampleManifests.Image("referrer", subject.Digest));

        Assert.Null(await Tables.FindReferenceToAsync(ledger.Repository, subject.Digest));
    }

    [Fact]
    public async Task FindReferenceToAsync_OneOfTwoManifestsDeleted_NamesTheOther()
    {
        var (ledger, layer) = (Ledger(), SampleBlob.Of("shared layer"));
        var (one, two) = (SampleManifests.Image("one", layers: layer), SampleManifests.Image("two", layers: layer));
        await ledger.PutAsync(one, two);

        await ledger.AppendAsync(new Operation.ManifestDeleted(one.Digest));
        Assert.Equal(two.Digest, await Tables.FindReferenceToAsync(ledger.Repository, layer.Digest));

        await ledger.AppendAsync(new Operation.ManifestDeleted(two.Digest));
        Assert.Null(await Tables.FindReferenceToAsync(ledger.Repository, layer.Digest));
    }

    [Fact]
    public async Task AppendAsync_DeletionOfAManifestThatIsNotThere_IsCommittedAndChangesNothing()
    {
        var (ledger, image) = (Ledger(), SampleManifests.Image("a"));
        await ledger.PutAsync(image);

        await ledger.AppendAsync(new Operation.ManifestDeleted(SampleManifests.Image("b").Digest),
            new Operation.TagDeleted(Tag.Parse("none")));

        Assert.Equal(2, ledger.Head.Number);
        Assert.NotNull(await Tables.FindManifestAsync(ledger.Repository, image.Digest));
    }
}
