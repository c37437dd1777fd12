using System.Diagnostics;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using GeoRegistry.Protocol;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>Blobs that are larger than what is flushed at a time: what they take of memory, and how fast they are.</summary>
[Collection(AzuriteCollection.Name)]
[Trait("Run", "alone")]
public sealed class LargeBlobTests(AzuriteFixture azurite, ITestOutputHelper output) : IAsyncLifetime
{
    private const int MiB = 1024 * 1024, PartBytes = 256 * 1024;

    private readonly byte[] _part = new byte[PartBytes];
    private BlobContainerClient _container = null!;
    private AzureBlobStore _store = null!;

    public async Task InitializeAsync()
    {
        new Random(1).NextBytes(_part);
        _container = AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, await azurite.CreateContainerAsync());
        _store = new AzureBlobStore(_container, TimeProvider.System);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task CommitAsync_LargeBlob_TakesLittleMemoryAndFlushesOnItsWay()
    {
        var sizeBytes = (LongTests.AreOn ? 300L : 44) * MiB;
        await PutAsync("warm-up", 4 * MiB);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var (digest, flushed) = await PutAsync("large", sizeBytes);
        var put = GC.GetTotalAllocatedBytes(precise: true) - before;
        var got = await HashAsync(digest);
        var read = GC.GetTotalAllocatedBytes(precise: true) - before - put;

        output.WriteLine($"{sizeBytes / MiB} MiB: allocated {put / 1024} KiB to store, {read / 1024} KiB to read; {flushed} flushes");
        Assert.Equal(digest, got);
        Assert.InRange(flushed, sizeBytes / (33 * MiB), sizeBytes / (30 * MiB));
        Assert.InRange(put, 0, 32 * MiB);
        Assert.InRange(read, 0, 8 * MiB);
    }

    /// <summary>Beside the client alone, on the same service, taking turns; the best of each counts.</summary>
    [Fact]
    public async Task Throughput_OfLargeBlobs_IsNearlyThatOfTheClientAlone()
    {
        var (rounds, sizeBytes) = LongTests.AreOn ? (7, 100 * MiB) : (1, 16 * MiB);
        TimeSpan put = TimeSpan.MaxValue, putAlone = put, get = put, getAlone = put;
        for (var round = -1; round < rounds; round++)
        {
            var (name, key) = ($"alone-{round}", $"round-{round}");
            var aloneFor = await TimeOf(() => PutAloneAsync(name, sizeBytes));
            var digest = default(Digest);
            var putFor = await TimeOf(async () => digest = (await PutAsync(key, sizeBytes, round + 2)).Digest);
            var getAloneFor = await TimeOf(() => GetAloneAsync(name));
            var getFor = await TimeOf(() => GetAsync(digest));
            if (round < 0) continue; // The first one compiles and connects.
            (put, putAlone, get, getAlone) = (Min(put, putFor), Min(putAlone, aloneFor), Min(get, getFor), Min(getAlone, getAloneFor));
        }

        output.WriteLine(
            $"{sizeBytes / MiB} MiB, ratio to the client alone: put {putAlone / put:0.00} ({Rate(put)}), "
                + $"get {getAlone / get:0.00} ({Rate(get)})");
        if (!LongTests.AreOn) return;
        Assert.True(putAlone / put >= 0.8, $"A put takes {put}, and {putAlone} by the client alone.");
        Assert.True(getAlone / get >= 0.8, $"A get takes {get}, and {getAlone} by the client alone.");

        string Rate(TimeSpan time) => $"{sizeBytes / MiB / time.TotalSeconds:0} MiB/s";
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static async Task<TimeSpan> TimeOf(Func<Task> run)
    {
        var began = Stopwatch.GetTimestamp();
        await run();
        return Stopwatch.GetElapsedTime(began);
    }

    private async Task<(Digest Digest, int Flushes)> PutAsync(string key, long sizeBytes, int seed = 0)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var upload = await _store.BeginUploadAsync(key);
        var (flushes, flushed) = (0, 0L);
        foreach (var part in PartsOf(sizeBytes, seed))
        {
            await upload.AppendAsync(part);
            hash.AppendData(part);
            if (upload.FlushedBytes > flushed) flushes++;
            flushed = upload.FlushedBytes;
        }

        var digest = Digest.FromHash(DigestAlgorithm.Sha256, hash.GetCurrentHash());
        await upload.CommitAsync(digest);
        return (digest, flushes);
    }

    private async Task PutAloneAsync(string name, long sizeBytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var target = await _container.GetBlockBlobClient(name).OpenWriteAsync(overwrite: true);
        foreach (var part in PartsOf(sizeBytes, seed: 0))
        {
            hash.AppendData(part);
            await target.WriteAsync(part);
        }
    }

    private async Task<Digest> HashAsync(Digest digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var reader = await _store.OpenAsync(digest);
        await using var range = await reader!.OpenRangeAsync(0, reader.SizeBytes);
        var buffer = new byte[PartBytes];
        for (int read; (read = await range.ReadAsync(buffer)) > 0;) hash.AppendData(buffer, 0, read);
        return Digest.FromHash(DigestAlgorithm.Sha256, hash.GetCurrentHash());
    }

    private async Task GetAsync(Digest digest)
    {
        await using var reader = await _store.OpenAsync(digest);
        await using var range = await reader!.OpenRangeAsync(0, reader.SizeBytes);
        var buffer = new byte[PartBytes];
        while (await range.ReadAsync(buffer) > 0)
        {
        }
    }

    private async Task GetAloneAsync(string name)
    {
        using var content = (await _container.GetBlobClient(name).DownloadStreamingAsync()).Value;
        var buffer = new byte[PartBytes];
        while (await content.Content.ReadAsync(buffer) > 0)
        {
        }
    }

    // Each part differs from the others.
    private IEnumerable<byte[]> PartsOf(long sizeBytes, int seed)
    {
        var part = (byte[])_part.Clone();
        for (var i = 0; i < sizeBytes / PartBytes; i++)
        {
            BitConverter.TryWriteBytes(part, i);
            BitConverter.TryWriteBytes(part.AsSpan(8), seed);
            yield return part;
        }
    }
}
