using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Uploads;

/// <summary>The clock is the tests' own; files bear the machine's time, which is when the clock begins.</summary>
public sealed class UploadExpiryTests : UploadTest
{
    [Fact]
    public async Task SweepAsync_NothingSentForTheExpiry_DiscardsTheUpload()
    {
        var id = await BeginAsync();
        await AppendAsync(id, "content"u8.ToArray());
        Region.Clock.Advance(Region.Options.UploadExpiry + TimeSpan.FromMinutes(1));

        Assert.Equal(1, await Uploads.SweepAsync());

        Assert.Equal(0, Uploads.Count);
        AssertUnknown(await Uploads.StatusAsync(Name, id));
    }

    [Fact]
    public async Task SweepAsync_ShortOfTheExpiry_ClosesTheSessionAndKeepsTheUpload()
    {
        var id = await BeginAsync();
        await AppendAsync(id, "0123"u8.ToArray());
        Region.Clock.Advance(Region.Options.UploadExpiry - TimeSpan.FromMinutes(1));

        Assert.Equal(0, await Uploads.SweepAsync());
        Assert.Equal(0, Uploads.Count);

        Assert.Equal(4, await SizeAsync(id));
        Assert.IsType<UploadOutcome.Completed>(await CompleteAsync(id, SampleBlob.Of("01234567").Digest, "4567"u8.ToArray()));
    }

    [Fact]
    public async Task SweepAsync_SessionUsedLately_StaysInMemory()
    {
        await BeginAsync();
        Region.Clock.Advance(TimeSpan.FromSeconds(10));

        await Uploads.SweepAsync();

        Assert.Equal(1, Uploads.Count);
    }

    [Fact]
    public async Task SweepAsync_UploadOfAProcessThatIsGone_IsDiscarded()
    {
        var id = await BeginAsync();
        Restart();
        Region.Clock.Advance(Region.Options.UploadExpiry + TimeSpan.FromMinutes(1));

        Assert.Equal(1, await Uploads.SweepAsync());

        AssertUnknown(await Uploads.StatusAsync(Name, id));
    }

    [Fact]
    public async Task SweepAsync_RequestIsUnderWay_DoesNotTouchItsSession()
    {
        Region.Options.UploadIdleTimeout = TimeSpan.FromDays(2); // The request is to last as long as the test needs it.
        Restart();
        var rest = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = TestBody.PausingAfter("0123"u8.ToArray(), rest.Task);
        var id = await BeginAsync();
        var append = Uploads.AppendAsync(Name, id, new UploadChunk(body, null, null));
        await body.FirstRead.OrFail("the body's first bytes being read");
        Region.Clock.Advance(TimeSpan.FromHours(1));

        await Uploads.SweepAsync().OrFail("the end of the sweep");
        rest.SetResult("4567"u8.ToArray());

        Assert.Equal(new UploadOutcome.Open(8), await append.OrFail("the end of the request"));
        Assert.Equal(8, await SizeAsync(id));
    }

    /// <summary>
    /// The shortest expiry is shorter than sessions stay in memory: one that was discarded must not be answered from
    /// there.
    /// </summary>
    [Fact]
    public async Task SweepAsync_ExpiryShorterThanSessionsStayInMemory_EndsTheSessionWithItsUpload()
    {
        Region.Options.UploadExpiry = TimeSpan.FromMinutes(1);
        var id = await BeginAsync();
        await AppendAsync(id, "content"u8.ToArray());
        Region.Clock.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal(1, await Uploads.SweepAsync());

        AssertUnknown(await Uploads.StatusAsync(Name, id));
        AssertUnknown(await CompleteAsync(id, SampleBlob.Of("content").Digest));
    }

    /// <summary>
    /// Asking for the status keeps the session in memory while its upload grows old: both end together, or a session without its upload
    /// would be closed.
    /// </summary>
    [Fact]
    public async Task SweepAsync_OnlyTheStatusWasAskedForSince_EndsTheSessionWithItsUpload()
    {
        var id = await BeginAsync();
        await AppendAsync(id, "content"u8.ToArray());
        Region.Clock.Advance(Region.Options.UploadExpiry + TimeSpan.FromMinutes(1));
        Assert.Equal(7, await SizeAsync(id));

        Assert.Equal(1, await Uploads.SweepAsync());

        AssertUnknown(await CompleteAsync(id, SampleBlob.Of("content").Digest));
    }

    [Fact]
    public async Task SweepAsync_ExpiredUploadInARequest_IsLeftToTheRequest()
    {
        Region.Options.UploadIdleTimeout = TimeSpan.FromDays(2); // The request is to last as long as the test needs it.
        Restart();
        var rest = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = TestBody.PausingAfter([], rest.Task);
        var id = await BeginAsync();
        var closing = Uploads.CompleteAsync(Name, id, new UploadChunk(body, null, null), SampleBlob.Of("late").Digest);
        await body.FirstRead.OrFail("the body being read");
        Region.Clock.Advance(Region.Options.UploadExpiry + TimeSpan.FromMinutes(1));

        Assert.Equal(0, await Uploads.SweepAsync().OrFail("the end of the sweep"));
        rest.SetResult("late"u8.ToArray());

        Assert.IsType<UploadOutcome.Completed>(await closing.OrFail("the end of the request"));
    }

    /// <summary>A fetch from another region may take longer than sessions are kept; who fetches deletes what fetches leave.</summary>
    [Fact]
    public async Task SweepAsync_UploadsOfOthers_AreLeft()
    {
        var fetch = $"fetch-sha256-{new string('a', 64)}";
        await (await Region.Blobs.BeginUploadAsync(fetch)).DisposeAsync();
        Region.Clock.Advance(Region.Options.UploadExpiry + TimeSpan.FromMinutes(1));

        Assert.Equal(0, await Uploads.SweepAsync());

        await using var left = await Region.Blobs.ResumeUploadAsync(fetch);
        Assert.NotNull(left);
    }
}
