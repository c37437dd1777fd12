using System.Text.Json.Nodes;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

public abstract partial class RepositoryTablesContract
{
    private const string Signature = "application/vnd.example.signature", Sbom = "application/vnd.example.sbom";

    [Fact]
    public async Task ListReferrersAsync_SeveralReferrers_AreInTheOrderOfDigestsWithTheirDescriptors()
    {
        var (ledger, subject) = (Ledger(), SampleManifests.Image("subject"));
        var referrers = Enumerable.Range(0, 9)
            .Select(i => SampleManifests.Image($"r{i}", subject.Digest, i % 3 == 0 ? Sbom : Signature))
            .ToArray();
        await ledger.PutAsync([subject, .. referrers]);

        var listed = await Tables.ListReferrersAsync(ledger.Repository, subject.Digest, null, null, 100);

        Assert.Equal(referrers.Select(referrer => referrer.Digest).Order(), listed.Select(referrer => referrer.Digest));
        Assert.All(listed, entry =>
        {
            var manifest = referrers.Single(referrer => referrer.Digest == entry.Digest);
            Assert.Equal(manifest.ReferrerDescriptor.ToArray(), entry.Descriptor.ToArray());
            Assert.Equal(manifest.Digest.ToString(), (string?)JsonNode.Parse(entry.Descriptor.Span)!["digest"]);
        });
    }

    [Fact]
    public async Task ListReferrersAsync_FilterAndPages_GiveEachOfThatTypeOnce()
    {
        var (ledger, subject) = (Ledger(), SampleBlob.Of("subject").Digest);
        var referrers = Enumerable.Range(0, 20)
            .Select(i => SampleManifests.Image($"r{i}", subject, i % 3 == 0 ? Sbom : Signature))
            .ToArray();
        await ledger.PutAsync(referrers);

        var expected = referrers.Where(referrer => referrer.ArtifactType == Sbom).Select(referrer => referrer.Digest).Order();
        Assert.Equal(expected, await PageThroughAsync(ledger, subject, Sbom, 3));
        Assert.Equal(referrers.Select(referrer => referrer.Digest).Order(), await PageThroughAsync(ledger, subject, null, 3));
        Assert.Empty(await PageThroughAsync(ledger, subject, "application/vnd.example.none", 3));
    }

    [Fact]
    public async Task ListReferrersAsync_EnoughBytes_ReadsOneMoreAfterThem()
    {
        var (ledger, subject) = (Ledger(), SampleBlob.Of("subject").Digest);
        await ledger.PutAsync([.. Enumerable.Range(0, 5).Select(i => SampleManifests.Image($"r{i}", subject, Sbom))]);
        var all = await Tables.ListReferrersAsync(ledger.Repository, subject, null, null, 10);
        var two = all[0].Descriptor.Length + all[1].Descriptor.Length;

        Assert.Equal([2, 3, 4, 5], new List<int>
        {
            (await Tables.ListReferrersAsync(ledger.Repository, subject, null, null, 10, 1)).Count,
            (await Tables.ListReferrersAsync(ledger.Repository, subject, null, null, 10, two)).Count,
            (await Tables.ListReferrersAsync(ledger.Repository, subject, null, null, 10, two + 1)).Count,
            (await Tables.ListReferrersAsync(ledger.Repository, subject, Sbom, null, 10, int.MaxValue)).Count,
        });
    }

    [Fact]
    public async Task ListReferrersAsync_NoArtifactType_IsFilteredByTheConfigsType()
    {
        var (ledger, subject) = (Ledger(), SampleBlob.Of("subject").Digest);
        var (plain, typed) = (SampleManifests.Image("plain", subject), SampleManifests.Image("typed", subject, Sbom));
        await ledger.PutAsync(plain, typed);

        Assert.Equal([plain.Digest], await PageThroughAsync(ledger, subject, SampleManifests.ArtifactConfigType, 10));
    }

    [Fact]
    public async Task ListReferrersAsync_OtherSubjectOrRepository_IsEmpty()
    {
        var (ledger, subject) = (Ledger(), SampleBlob.Of("subject").Digest);
        await ledger.PutAsync(SampleManifests.Image("r", subject));

        Assert.Empty(await PageThroughAsync(ledger, SampleBlob.Of("other").Digest, null, 10));
        Assert.Empty(await PageThroughAsync(Ledger("other"), subject, null, 10));
    }

    [Fact]
    public async Task ListReferrersAsync_SubjectBySha512AndSha256_AreTwoLists()
    {
        var (ledger, subject) = (Ledger(), SampleManifests.Image("subject"));
        var bySha512 = Digest.Of(subject.Content.Span, DigestAlgorithm.Sha512);
        var (one, two) = (SampleManifests.Image("r256", subject.Digest), SampleManifests.Image("r512", bySha512));
        await ledger.PutAsync(one, two);

        Assert.Equal([one.Digest], await PageThroughAsync(ledger, subject.Digest, null, 10));
        Assert.Equal([two.Digest], await PageThroughAsync(ledger, bySha512, null, 10));
    }

    [Fact]
    public async Task ListReferrersAsync_ReferrerDeleted_IsGoneAndOthersStay()
    {
        var (ledger, subject) = (Ledger(), SampleManifests.Image("subject"));
        var (gone, stays) = (SampleManifests.Image("gone", subject.Digest), SampleManifests.Image("stays", subject.Digest));
        await ledger.PutAsync(subject, gone, stays);

        await ledger.AppendAsync(new Operation.ManifestDeleted(gone.Digest));
        Assert.Equal([stays.Digest], await PageThroughAsync(ledger, subject.Digest, null, 10));

        await ledger.AppendAsync(new Operation.ManifestDeleted(subject.Digest));
        Assert.Equal([stays.Digest], await PageThroughAsync(ledger, subject.Digest, null, 10));
    }

    private async Task<IReadOnlyList<Digest>> PageThroughAsync(SampleLedger ledger, Digest subject, string? artifactType, int pageSize)
    {
        var digests = new List<Digest>();
        IReadOnlyList<Referrer> page;
        do
        {
            page = await Tables.ListReferrersAsync(
                ledger.Repository, subject, artifactType, digests.Count == 0 ? null : digests[^1], pageSize);
            Assert.InRange(page.Count, 0, pageSize);
            digests.AddRange(page.Select(referrer => referrer.Digest));
            Assert.True(digests.Distinct().Count() == digests.Count, $"The last page of {subject} never came: a referrer came again.");
        }
        while (page.Count > 0);

        return digests;
    }
}
