using System.Text;
using FsCheck;
using FsCheck.Fluent;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Tests.Commits;

public sealed class CommitCodecRoundTripTests
{
    private static readonly Gen<Digest> Digests =
        from seed in Gen.Choose(0, 1000)
        from algorithm in Gen.Elements(DigestAlgorithm.Sha256, DigestAlgorithm.Sha512)
        select Digest.Of(Encoding.UTF8.GetBytes($"{seed}"), algorithm);

    private static readonly Gen<Tag> Tags =
        Gen.Elements('a', 'Z', '0', '_').NonEmptyListOf().Select(characters => Tag.Parse(new string([.. characters.Take(Tag.MaxLength)])));

    private static readonly Gen<Manifest> Manifests =
        from padding in Gen.Choose(0, 2000)
        from mediaType in Gen.Elements("application/vnd.example+json", MediaTypes.OciImageIndex)
        from algorithm in Gen.Elements(DigestAlgorithm.Sha256, DigestAlgorithm.Sha512)
        select ManifestOf($$"""{"schemaVersion":2,"manifests":[],"padding":"{{new string('x', padding)}}"}""", mediaType, algorithm);

    private static readonly Gen<long> Numbers = Gen.Elements(
        0L, 1, 127, 128, 16383, 16384, (1L << 35) - 1, 1L << 35, (1L << 56) + 1, long.MaxValue);

    private static readonly Gen<Operation> Operations = Gen.OneOf(
        Manifests.Select(manifest => (Operation)new Operation.ManifestPut(manifest)),
        Tags.SelectMany(tag => Digests.Select(digest => (Operation)new Operation.TagSet(tag, digest))),
        Tags.Select(tag => (Operation)new Operation.TagDeleted(tag)),
        Digests.Select(digest => (Operation)new Operation.ManifestDeleted(digest)),
        Digests.Select(digest => (Operation)new Operation.BlobDeleted(digest)),
        Digests.SelectMany(digest => Numbers.Select(size => (Operation)new Operation.BlobLinked(digest, size))));

    private static readonly Gen<Commit> Commits =
        from operations in Operations.NonEmptyListOf()
        from epoch in Numbers
        from number in Numbers
        from milliseconds in Gen.Elements(0L, 1_700_000_000_000, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        from actor in Gen.Elements("", "alice", "Zoë 🚀", new string('a', 300), "line\nfeed\0")
        from region in Gen.Elements("eu", "us-east-1", "a")
        select new Commit(
            LedgerId.Of(RepositoryName.Parse("library/debian")),
            epoch,
            number,
            DateTimeOffset.FromUnixTimeMilliseconds(milliseconds),
            actor,
            RegionId.Parse(region),
            [.. operations]);

    [Fact]
    public void Decode_EncodedCommit_IsTheCommitAndEncodesToTheSameBytes() =>
        Prop.ForAll(Commits.ToArbitrary(), commit =>
        {
            var encoded = CommitCodec.Encode(commit);
            var decoded = CommitCodec.Decode(encoded);
            return GoldenCommits.Describe(commit) == GoldenCommits.Describe(decoded)
                && CommitCodec.Encode(decoded).AsSpan().SequenceEqual(encoded);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithEndSize(20));

    [Fact]
    public void Decode_ManifestOfTheLargestSize_IsReadBack()
    {
        var manifest = ManifestOf(
            """{"a":1}""".PadRight(ManifestReader.MaxSizeBytes), "application/vnd.example+json", DigestAlgorithm.Sha256);
        var commit = GoldenCommits.All["tag-set"] with { Operations = [new Operation.ManifestPut(manifest)] };

        var decoded = CommitCodec.Decode(CommitCodec.Encode(commit));

        Assert.Equal(manifest.Digest, Digest.Of(Assert.IsType<Operation.ManifestPut>(decoded.Operations[0]).Manifest.Content.Span));
    }

    [Fact]
    public void Encode_NegativeNumber_Throws() =>
        Assert.ThrowsAny<ArgumentException>(() => CommitCodec.Encode(GoldenCommits.All["tag-set"] with { Epoch = -1 }));

    private static Manifest ManifestOf(string json, string mediaType, DigestAlgorithm algorithm)
    {
        var content = Encoding.UTF8.GetBytes(json);
        return ((ManifestReading.Accepted)ManifestReader.Read(content, mediaType, Digest.Of(content, algorithm))).Manifest;
    }
}
