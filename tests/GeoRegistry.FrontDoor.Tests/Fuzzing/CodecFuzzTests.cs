using System.Buffers;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Transport;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit.Fuzzing;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.FrontDoor.Tests.Fuzzing;

/// <summary>
/// Whatever arrives from another region or is in a store is decoded or is an <see cref="InvalidDataException"/>, and
/// nothing else.
/// </summary>
public sealed class CodecFuzzTests(ITestOutputHelper output)
{
    private const int Inputs = 40_000;

    private static readonly byte[][] Commits =
    [
        Encoded(new Operation.TagSet(Tag.Parse("v1"), SampleBlob.Of("a").Digest), new Operation.TagDeleted(Tag.Parse("v2"))),
        Encoded(new Operation.BlobLinked(SampleBlob.Of("b").Digest, 1L << 40), new Operation.BlobDeleted(SampleBlob.Of("c").Digest),
            new Operation.ManifestDeleted(SampleBlob.Of("d").Digest)),
        Encoded(new Operation.ManifestPut(SampleManifests.Image("a", SampleBlob.Of("s").Digest, "a/b", SampleBlob.Of("layer")))),
    ];

    private static readonly byte[][] Feeds = [Feed(false), Feed(true), Feed(false, true, false)];

    private static readonly byte[][] Snapshots =
    [
        Snapshot(),
        Snapshot(
            new SnapshotEntry.OfTag(Tag.Parse("v1"), SampleBlob.Of("a").Digest),
            new SnapshotEntry.OfBlob(SampleBlob.Of("b").Digest, 7)),
        Snapshot(new SnapshotEntry.OfManifest(SampleManifests.Image("a"))),
    ];

    [Fact]
    public void CommitCodec_OfMixedUpBytes_DecodesThemOrSaysThatTheyAreNone() => Fuzz.Bytes(output, Inputs, Commits, bytes =>
    {
        // A commit has one form only: equal checksums are equal histories.
        if (Decoded(() => CommitCodec.Decode(bytes)) is { } commit) Assert.Equal(bytes, CommitCodec.Encode(commit));
    });

    [Fact]
    public void FeedCodec_OfMixedUpBytes_DecodesThemOrSaysThatTheyAreNone() => Fuzz.Bytes(output, Inputs, Feeds, bytes => Decoded(() =>
    {
        var received = new ReadOnlySequence<byte>(bytes);
        for (var before = received.Length; FeedCodec.TryRead(ref received, out var entry); before = received.Length)
        {
            Assert.InRange(entry.Position, 0, long.MaxValue);
            Assert.True(received.Length < before, "An entry was read of no bytes: the last would never come.");
        }

        return "read";
    }));

    [Fact]
    public void SnapshotCodec_OfMixedUpBytes_DecodesThemOrSaysThatTheyAreNone() =>
        Fuzz.Bytes(output, Inputs, Snapshots, bytes => Decoded(() =>
        SnapshotCodec.ReadAsync(() => new MemoryStream(bytes)).GetAwaiter().GetResult()
            .Entries.ToBlockingEnumerable().Count().ToString()));

    private static T? Decoded<T>(Func<T> decode)
        where T : class
    {
        try
        {
            return decode();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static byte[] Encoded(params Operation[] operations) => CommitCodec.Encode(
        new Commit(LedgerId.Of(RepositoryName.Parse("team/app")), 1, 7, SampleLedger.At, "tests", SampleLedger.Region, operations)
        {
            Write = operations.Length == 3 ? WriteId.OfKey("key") : default,
        });

    private static byte[] Feed(params bool[] withheld)
    {
        var buffer = new ArrayBufferWriter<byte>();
        for (var i = 0; i < withheld.Length; i++)
            FeedCodec.Write(
                buffer, new FeedEntry(i + 1, LedgerId.Of(RepositoryName.Parse("team/app")), Commits[i], new byte[32]), withheld[i]);
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Snapshot(params SnapshotEntry[] entries)
    {
        using var stream = new MemoryStream();
        SnapshotCodec.WriteAsync(
            stream, SampleStores.SnapshotOf(LedgerId.Of(RepositoryName.Parse("team/app")), new LedgerHead(1, 2, new byte[32]), entries))
            .GetAwaiter().GetResult();
        return stream.ToArray();
    }
}
