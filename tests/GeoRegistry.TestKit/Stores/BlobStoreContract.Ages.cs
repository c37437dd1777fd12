using GeoRegistry.Protocol;

namespace GeoRegistry.TestKit.Stores;

/// <summary>Stat many, lists, touches and conditional deletes: what scrubbing and collection build on.</summary>
public abstract partial class BlobStoreContract
{
    /// <summary>How far a store's clock may be from this machine's, and how coarse its times may be.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task StatManyAsync_SomeAreThere_GivesTheSizesOfThose()
    {
        var (one, two, none) = (await PutAsync("one", SampleBlob.Of("1")),
            await PutAsync("two", SampleBlob.Random(9, 70_000)), SampleBlob.Of("none"));

        var found = await Blobs.StatManyAsync([one.Digest, none.Digest, two.Digest, one.Digest]);

        Assert.Equal(new Dictionary<Digest, long> { [one.Digest] = 1, [two.Digest] = 70_000 }, found);
        Assert.Empty(await Blobs.StatManyAsync([]));
    }

    [Fact]
    public async Task ListAsync_BlobsOfBothAlgorithms_AreListedOnceWithSizeAndAge()
    {
        var began = TimeProvider.System.GetUtcNow();
        var blobs = Enumerable.Range(0, 20).Select(i => SampleBlob.Random(i, 100 + i)).ToArray();
        foreach (var (i, blob) in blobs.Index()) await PutAsync($"upload-{i}", blob);
        var long512 = await PutAsync("long", SampleBlob.Of("content"), DigestAlgorithm.Sha512);
        await (await Blobs.BeginUploadAsync("unfinished")).DisposeAsync();

        var listed = await Blobs.ListAsync().ToListAsync();

        var expected = blobs.Select(blob => (blob.Digest, blob.SizeBytes)).Append((long512, 7));
        Assert.Equal(
            expected.OrderBy(blob => $"{blob.Digest}"),
            listed.Select(blob => (blob.Digest, blob.SizeBytes)).OrderBy(blob => $"{blob.Digest}"));
        Assert.All(
            listed,
            blob => Assert.InRange(blob.TouchedAt, began - ClockTolerance, TimeProvider.System.GetUtcNow() + ClockTolerance));
    }

    [Fact]
    public async Task ListAsync_Cancelled_Stops()
    {
        for (var i = 0; i < 3; i++) await PutAsync($"upload-{i}", SampleBlob.Random(i, 10));
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Blobs.ListAsync(cancellation.Token)) await cancellation.CancelAsync();
        });
    }

    [Fact]
    public async Task TouchAsync_UnknownBlob_IsFalseAndMakesNone()
    {
        Assert.False(await Blobs.TouchAsync(SampleBlob.Of("none").Digest));
        Assert.Null(await Blobs.FindAsync(SampleBlob.Of("none").Digest));
    }

    [Fact]
    public async Task TouchAsync_OldBlob_IsYoungAgain()
    {
        var blob = await PutAsync("upload", SampleBlob.Of("content"));
        await Fixture.AgeAsync(blob.Digest, TimeSpan.FromHours(2));

        Assert.True(await Blobs.TouchAsync(blob.Digest));

        Assert.False(await Blobs.DeleteAsync(blob.Digest, AnHourAgo));
        Assert.Equal(blob.Content, await ReadAsync(blob.Digest));
    }

    [Fact]
    public async Task DeleteAsync_IfOlderThan_DeletesOldBlobsOnly()
    {
        var (old, young) = (await PutAsync("old", SampleBlob.Of("old")), await PutAsync("young", SampleBlob.Of("young")));
        await Fixture.AgeAsync(old.Digest, TimeSpan.FromHours(2));

        Assert.True(await Blobs.DeleteAsync(old.Digest, AnHourAgo));
        Assert.False(await Blobs.DeleteAsync(young.Digest, AnHourAgo));
        Assert.False(await Blobs.DeleteAsync(old.Digest, AnHourAgo));

        Assert.Null(await Blobs.FindAsync(old.Digest));
        Assert.Equal(young.Content, await ReadAsync(young.Digest));
    }

    /// <summary>Otherwise a collector deletes what was stored a moment ago, because its last byte came long before.</summary>
    [Fact]
    public async Task CommitAsync_LastAppendLongAgo_BlobIsYoung()
    {
        var blob = SampleBlob.Of("content");
        await using (var upload = await Blobs.BeginUploadAsync("upload"))
        {
            await upload.AppendAsync(blob.Content);
            await upload.FlushAsync();
        }

        await Fixture.AgeUploadAsync("upload", TimeSpan.FromHours(2));
        await using (var resumed = await Blobs.ResumeUploadAsync("upload")) await resumed!.CommitAsync(blob.Digest);

        Assert.False(await Blobs.DeleteAsync(blob.Digest, AnHourAgo));
    }

    [Fact]
    public async Task CommitAsync_OldBlobExistsAlready_IsYoungAgain()
    {
        var blob = await PutAsync("first", SampleBlob.Of("content"));
        await Fixture.AgeAsync(blob.Digest, TimeSpan.FromHours(2));

        await PutAsync("second", blob);

        Assert.False(await Blobs.DeleteAsync(blob.Digest, AnHourAgo));
    }

    /// <summary>
    /// A touch that answers yes protects the blob: it comes before the conditional delete, which then does nothing, or
    /// after it and answers no.
    /// </summary>
    [Fact]
    public async Task DeleteAsync_IfOlderThanBesideATouch_NeverDeletesWhatWasTouched()
    {
        for (var round = 0; round < 50; round++)
        {
            var blob = await PutAsync($"upload-{round}", SampleBlob.Random(round, 100));
            await Fixture.AgeAsync(blob.Digest, TimeSpan.FromHours(2));

            var touched = Task.Run(async () => await Blobs.TouchAsync(blob.Digest));
            var deleted = await Blobs.DeleteAsync(blob.Digest, AnHourAgo);

            Assert.Equal(deleted, !await touched.OrFail("the touch"));
            Assert.Equal(deleted, await Blobs.FindAsync(blob.Digest) is null);
        }
    }

    private static DateTimeOffset AnHourAgo => TimeProvider.System.GetUtcNow().AddHours(-1);

    private async Task<Digest> PutAsync(string key, SampleBlob blob, DigestAlgorithm algorithm)
    {
        var digest = Digest.Of(blob.Content, algorithm);
        await using var upload = await Blobs.BeginUploadAsync(key);
        await upload.AppendAsync(blob.Content);
        await upload.CommitAsync(digest);
        return digest;
    }
}
