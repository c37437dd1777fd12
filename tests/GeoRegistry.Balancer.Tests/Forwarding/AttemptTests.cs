using System.Net;
using GeoRegistry.Balancer.Forwarding;
using GeoRegistry.Balancer.Regions;
using GeoRegistry.Ledgers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>How long an attempt waits for a region, by a clock that the tests move.</summary>
public sealed class AttemptTests
{
    private const string Blob = "/v2/team/app/blobs/sha256:0";

    private static readonly TimeSpan Little = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly RegionRoundRobin _turns = new(new[] { "eu", "us" }.Select(id => new Region(RegionId.Parse(id), $"http://{id}")));

    public AttemptTests()
    {
        foreach (var region in _turns.All) _turns.Set(region, Readiness.Pushes);
    }

    [Fact]
    public void Read_NoHeadInTime_LeavesTheRegionForTheOther()
    {
        using var attempt = Begin("GET", out _);

        AssertLeftAfter(attempt, RegionTimeouts.Head);
    }

    [Fact]
    public void Read_LastRegion_IsGivenMoreTime()
    {
        var plan = PlanOf("GET");
        plan.Next();
        using var attempt = new Attempt(plan.Next()!, plan, _clock);

        AssertLeftAfter(attempt, RegionTimeouts.Stall);
    }

    [Fact]
    public void Read_RegionThatWasSilent_IsGivenLessTime()
    {
        foreach (var region in _turns.All) _turns.Set(region, Readiness.Silent);
        using var attempt = Begin("GET", out _);

        AssertLeftAfter(attempt, RegionTimeouts.HeadOfSilent);
    }

    /// <summary>A process that paused may come back: 503 is no better than the half minute that pushes wait, too.</summary>
    [Fact]
    public void Read_LastRegionThatIsSilent_IsGivenMoreTime()
    {
        foreach (var region in _turns.All) _turns.Set(region, Readiness.Silent);
        using var attempt = BeginAtLast(Blob, out _);

        AssertLeftAfter(attempt, RegionTimeouts.Stall);
    }

    /// <summary>It may hash the blob, which goes on for as long as the blob is big.</summary>
    [Fact]
    public void Read_BlobOfTheLastRegion_IsWaitedForLonger()
    {
        using var attempt = BeginAtLast(Blob, out _);

        AssertLeftAfter(attempt, RegionTimeouts.HeadOfBlob);
    }

    [Fact]
    public void Read_BlobWhileOnlyASilentRegionIsLeft_IsWaitedForLonger()
    {
        _turns.Set(_turns.All[1], Readiness.Silent);
        var plan = PlanOf("GET", Blob);
        using var attempt = new Attempt(plan.Next()!, plan, _clock);

        AssertLeftAfter(attempt, RegionTimeouts.HeadOfBlob);
    }

    /// <summary>It would only say that it cannot.</summary>
    [Fact]
    public void Read_BlobWhileTheOtherRegionCannotServePulls_IsWaitedForLonger()
    {
        _turns.Set(_turns.All[1], Readiness.Answering);
        var plan = PlanOf("GET", Blob);
        using var attempt = new Attempt(plan.Next()!, plan, _clock);

        AssertLeftAfter(attempt, RegionTimeouts.HeadOfBlob);
    }

    [Fact]
    public void Read_RegionThatWasDeferred_IsTriedOnceMoreAfterTheOthersAndWaitedForLonger()
    {
        var plan = PlanOf("GET", Blob);
        var slow = plan.Next()!;
        plan.Defer(slow);
        var other = plan.Next()!;
        using (var attempt = new Attempt(other, plan, _clock)) AssertLeftAfter(attempt, RegionTimeouts.HeadOfBlob);
        Assert.Same(slow, plan.Next());
        using (var attempt = new Attempt(slow, plan, _clock)) AssertLeftAfter(attempt, RegionTimeouts.HeadOfBlob);
        plan.Defer(slow);

        Assert.NotSame(slow, other);
        Assert.Null(plan.Next());
    }

    [Theory]
    [InlineData("PUT", false)] // The region may have done it.
    [InlineData("GET", true)] // It is hung, rather than slow.
    public void Defer_WriteOrSilentRegion_IsNotTriedAgain(string method, bool isSilent)
    {
        var plan = PlanOf(method);
        var left = plan.Next()!;
        if (isSilent) _turns.Set(left, Readiness.Silent);

        plan.Defer(left);

        Assert.NotSame(left, plan.Next());
        Assert.Null(plan.Next());
    }

    [Fact]
    public void Read_BlobOfTheLastRegionThatFallsSilent_IsLeftWhenTheRegionIsLost()
    {
        using var attempt = BeginAtLast(Blob, out var region);

        _turns.Set(region, Readiness.Silent);
        Assert.False(attempt.Left.IsCancellationRequested);
        region.EndRequests();

        Assert.True(attempt.Left.IsCancellationRequested);
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", true)]
    [InlineData("POST", true)]
    [InlineData("PUT", false)]
    [InlineData("DELETE", false)]
    public void Any_RegionFallsSilent_IsLeftByWhatCanBeRepeated(string method, bool isLeft)
    {
        using var attempt = Begin(method, out var region);

        _turns.Set(region, Readiness.Silent);

        Assert.Equal(isLeft, attempt.Left.IsCancellationRequested);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public void Write_NoHead_WaitsUntilTheRegionIsLost(string method)
    {
        using var attempt = Begin(method, out var region);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.False(attempt.Left.IsCancellationRequested);

        region.EndRequests();

        Assert.True(attempt.Left.IsCancellationRequested);
    }

    [Fact]
    public async Task Read_BodyStalls_BreaksOffAndNotForTheTimeThatTheClientTakes()
    {
        using var attempt = Begin("GET", out _);
        var region = new TaskCompletionSource<int>();
        using var answer = new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StreamContent(new SteppedStream(() => region.Task)),
        };
        await attempt.TransformResponseAsync(new DefaultHttpContext(), answer, CancellationToken.None);
        await using var body = await answer.Content.ReadAsStreamAsync();

        var reading = body.ReadAsync(new byte[10]);
        _clock.Advance(RegionTimeouts.Stall - Little);
        region.SetResult(10);
        Assert.Equal(10, await reading);
        _clock.Advance(TimeSpan.FromHours(1)); // The client does not read on.
        Assert.False(attempt.Left.IsCancellationRequested);

        region = new TaskCompletionSource<int>();
        reading = body.ReadAsync(new byte[10]);
        AssertLeftAfter(attempt, RegionTimeouts.Stall);
        region.SetResult(0);
        await reading;
    }

    private void AssertLeftAfter(Attempt attempt, TimeSpan timeout)
    {
        _clock.Advance(timeout - Little);
        Assert.False(attempt.Left.IsCancellationRequested);
        _clock.Advance(Little);
        Assert.True(attempt.Left.IsCancellationRequested);
    }

    private Attempt Begin(string method, out Region region)
    {
        var plan = PlanOf(method);
        region = plan.Next()!;
        return new Attempt(region, plan, _clock);
    }

    private Attempt BeginAtLast(string path, out Region region)
    {
        var plan = PlanOf("GET", path);
        plan.Next();
        region = plan.Next()!;
        return new Attempt(region, plan, _clock);
    }

    private RequestPlan PlanOf(string method, string path = "/v2/")
    {
        var http = new DefaultHttpContext();
        http.Request.Path = path;
        http.Features.Set<IHttpRequestBodyDetectionFeature>(new NoBody());
        http.Request.Method = method;
        return new RequestPlan(http.Request, _turns, new RepositoryRegions());
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => false;
    }

    private sealed class SteppedStream(Func<Task<int>> next) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(next());
    }
}
