using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Regions;

/// <summary>A name that is left out is shown by a replica alone while its change spreads.</summary>
public sealed class VisibleNamesTests
{
    [Fact]
    public void ChangedBy_EachOperation_NamesWhatReadersAskFor()
    {
        var (subject, tag, blob) = (SampleManifests.Image("subject"), Tag.Parse("v1"), SampleBlob.Of("layer"));
        var referrer = SampleManifests.Image("referrer", subject.Digest);

        Assert.Equal([$"{subject.Digest}"], VisibleNames.ChangedBy([new Operation.ManifestPut(subject)]));
        Assert.Equal([$"{referrer.Digest}", VisibleNames.Referrers], VisibleNames.ChangedBy([new Operation.ManifestPut(referrer)]));
        Assert.Equal(
            [$"{subject.Digest}", VisibleNames.Referrers],
            VisibleNames.ChangedBy([new Operation.ManifestDeleted(subject.Digest)]));
        Assert.Equal(["v1"], VisibleNames.ChangedBy([new Operation.TagSet(tag, subject.Digest), new Operation.TagDeleted(tag)]));
        Assert.Empty(VisibleNames.ChangedBy(
            [new Operation.BlobLinked(blob.Digest, blob.SizeBytes), new Operation.BlobDeleted(blob.Digest)]));
    }
}
