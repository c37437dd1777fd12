using System.Text;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Tests.Commits;

/// <summary>
/// The commits whose wire form is kept in Golden/. The files were written from the format's description, not by the
/// encoder.
/// </summary>
internal static class GoldenCommits
{
    private static readonly byte[] Content = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray();

    private static readonly Digest Sha256 = Digest.Of(Content), Sha512 = Digest.Of(Content, DigestAlgorithm.Sha512);

    private static readonly Operation
        ManifestPut = new Operation.ManifestPut(
            ((ManifestReading.Accepted)ManifestReader.Read(Content, MediaTypes.OciImageIndex, Sha256)).Manifest),
        TagSet = new Operation.TagSet(Tag.Parse("v1.0"), Sha256),
        TagDeleted = new Operation.TagDeleted(Tag.Parse("Old_tag-2")),
        ManifestDeleted = new Operation.ManifestDeleted(Sha512),
        BlobDeleted = new Operation.BlobDeleted(Sha256),
        BlobLinked = new Operation.BlobLinked(Sha256, 300);

    public static IReadOnlyDictionary<string, Commit> All { get; } = new Dictionary<string, Commit>
    {
        ["manifest-put"] = Of(ManifestPut),
        ["tag-set"] = Of(TagSet),
        ["tag-deleted"] = Of(TagDeleted),
        ["manifest-deleted"] = Of(ManifestDeleted),
        ["blob-deleted"] = Of(BlobDeleted),
        ["blob-linked"] = Of(BlobLinked),
        ["with-write-id"] = Of(TagDeleted)
            with { Write = WriteId.FromBytes([.. Enumerable.Range(1, WriteId.SizeBytes).Select(i => (byte)i)]) },
        ["mixed"] = Of(TagDeleted, ManifestPut, TagSet, ManifestDeleted, BlobDeleted, new Operation.TagSet(Tag.Parse("latest"), Sha512))
            with { Epoch = 1L << 40, Number = (1L << 62) + 5, Actor = "Zoë 🚀" },
    };

    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>The wire form that is kept.</summary>
    public static byte[] Encoded(string name)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", $"{name}.hex"));
        return Convert.FromHexString(string.Concat(text.Where(c => !char.IsWhiteSpace(c))));
    }

    /// <summary>The ledger of a commit.</summary>
    public static LedgerId LedgerOf(string name) => All[name].Ledger;

    /// <summary>All that a commit says, as text: commits hold manifests, which compare by reference.</summary>
    public static string Describe(Commit commit)
    {
        var text = new StringBuilder(
            $"{commit.Ledger} {commit.Epoch} {commit.Number} {commit.At.ToUnixTimeMilliseconds()} "
            + $"'{commit.Actor}' {commit.Region} {commit.Write}\n");
        foreach (var operation in commit.Operations)
        {
            text.AppendLine(operation is Operation.ManifestPut(var manifest)
                ? $"put {manifest.Digest} {manifest.MediaType} {Convert.ToHexString(manifest.Content.Span)}"
                : $"{operation}");
        }

        return text.ToString();
    }

    private static Commit Of(params IReadOnlyList<Operation> operations) => new(
        LedgerId.Of(RepositoryName.Parse("library/golden")),
        3,
        300,
        DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123),
        "alice",
        RegionId.Parse("eu"),
        operations);
}
