using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Tests.Commits;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Tests.Transport;

/// <summary>What is kept in Golden/Transport. The files were written from the formats' descriptions, not by the encoders.</summary>
internal static class GoldenTransport
{
    private static readonly byte[] Content = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray();

    private static readonly byte[] Checksum = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    /// <summary>The feed; the second entry is withheld.</summary>
    public static IReadOnlyList<FeedEntry> Feed { get; } =
    [
        new(300, GoldenCommits.LedgerOf("tag-deleted"), GoldenCommits.Encoded("tag-deleted"), Checksum),
        new(301, GoldenCommits.LedgerOf("tag-set"), GoldenCommits.Encoded("tag-set"), Checksum),
        new(1L << 40, GoldenCommits.LedgerOf("tag-deleted"), GoldenCommits.Encoded("tag-deleted"), Checksum),
    ];

    public static LedgerSnapshot Snapshot { get; } = new(
        LedgerId.Of(RepositoryName.Parse("library/golden")),
        new LedgerHead(3, 300, Checksum),
        new SnapshotEntry[]
        {
            new SnapshotEntry.OfManifest(
                ((ManifestReading.Accepted)ManifestReader.Read(Content, MediaTypes.OciImageIndex, Digest.Of(Content))).Manifest),
            new SnapshotEntry.OfTag(Tag.Parse("v1.0"), Digest.Of(Content)),
            new SnapshotEntry.OfBlob(Digest.Of(Content, DigestAlgorithm.Sha512), 300),
        }.ToAsyncEnumerable());

    public static byte[] Encoded(string name) =>
        Convert.FromHexString(string.Concat(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "Transport", $"{name}.hex"))
                .Where(c => !char.IsWhiteSpace(c))));

    /// <summary>All that an entry says, as text: manifests compare by reference.</summary>
    public static string Describe(SnapshotEntry entry) => entry is SnapshotEntry.OfManifest(var manifest)
        ? $"{manifest.Digest} {manifest.MediaType} {Convert.ToHexString(manifest.Content.Span)}"
        : $"{entry}";

    /// <summary>A frame of these bytes.</summary>
    public static byte[] Frame(params ReadOnlySpan<byte> bytes) => [0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
}
