using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Tests.Hydration;
using GeoRegistry.Repositories;
using GeoRegistry.Resilience;
using GeoRegistry.TestKit;
using Microsoft.AspNetCore.Http;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Peers;

/// <summary>When a region that fails is no longer asked, and when it is asked again.</summary>
public sealed class PeerCircuitTests : IAsyncLifetime
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(5);

    private readonly TemporaryFolder _folder = new();
    private readonly CountingTimeProvider _clock = new();
    private TestSource _source = null!;
    private PeerClient _peers = null!;
    private int _asked;

    public async Task InitializeAsync()
    {
        File.WriteAllText(_folder.Child("key"), new string('k', 32));
        _source = await TestSource.StartAsync();
        _peers = new PeerClient(
            Map(Us), new PeerOptions { KeyFile = _folder.Child("key"), Addresses = $"eu={_source.Address}" }, _clock);
    }

    public async Task DisposeAsync()
    {
        _peers.Dispose();
        await _source.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task SendAsync_RegionFailedTheLastRequests_IsRefusedAtOnceInWords()
    {
        await FailAsync(Circuit.MinCalls);

        var refusal = await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => AskAsync().OrFail("the refusal"));

        Assert.Equal(Circuit.MinCalls, _asked);
        Assert.Contains("Region eu failed the last requests and is not asked before", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_RegionIsBackAfterTheBreak_IsAskedAgain()
    {
        await FailAsync(Circuit.MinCalls);
        _clock.Advance(Circuit.Break);
        Answer();

        for (var request = 0; request < 2; request++) (await AskAsync().OrFail("the answer")).Dispose();

        Assert.False(_peers.IsSuspect(Eu));
    }

    /// <summary>One request finds out, within a second, and all others are refused meanwhile.</summary>
    [Fact]
    public async Task SendAsync_RegionHangsAfterTheBreak_IsAskedByOneRequestForASecond()
    {
        await FailAsync(Circuit.MinCalls);
        _clock.Advance(Circuit.Break);
        var hung = Hang();
        var probe = AskAsync();
        await hung.OrFail("the one request");

        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => AskAsync().OrFail("the refusal"));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => probe.OrFail("the end of the one request"));
        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => AskAsync().OrFail("the next refusal"));

        Assert.Equal(Circuit.MinCalls + 1, _asked);
    }

    /// <summary>A request that may take minutes would keep all others out until it ends.</summary>
    [Fact]
    public async Task SendAsync_OfWhatMayTakeLongAfterTheBreak_IsNotTheOneThatFindsOut()
    {
        await FailAsync(Circuit.MinCalls);
        _clock.Advance(Circuit.Break);
        Answer();

        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(
            () => _peers.SendAsync(Eu, HttpMethod.Get, "/peer/feed", default).OrFail("the refusal"));
        (await AskAsync().OrFail("the answer")).Dispose();
        (await _peers.SendAsync(Eu, HttpMethod.Get, "/peer/feed", default).OrFail("the answer")).Dispose();
    }

    /// <summary>It may be about to start: whoever asks then is not refused for what was before.</summary>
    [Fact]
    public async Task SendAsync_RegionNeverAnswered_IsAskedAgain()
    {
        await FailFromTheBeginningAsync(2 * Circuit.MinCalls);
        Answer();

        (await AskAsync().OrFail("the answer")).Dispose();
    }

    [Fact]
    public async Task NoteReturnAsync_RegionFailedTheLastRequests_IsAskedAtOnce()
    {
        await FailAsync(Circuit.MinCalls);
        Answer();

        await _peers.NoteReturnAsync(Eu);

        (await AskAsync().OrFail("the answer")).Dispose();
    }

    [Theory]
    [InlineData(StatusCodes.Status404NotFound)]
    [InlineData(StatusCodes.Status429TooManyRequests)]
    public async Task SendAsync_RegionRefuses_IsAskedAgain(int status)
    {
        Answer(status);

        for (var request = 0; request < 2 * Circuit.MinCalls; request++)
            Assert.Equal(status, (int)(await AskAsync().OrFail("the answer")).StatusCode);
    }

    [Fact]
    public async Task SendAsync_CallersCancel_IsAskedAgain()
    {
        for (var request = 0; request < 2 * Circuit.MinCalls; request++)
        {
            using var leaving = new CancellationTokenSource();
            var hung = Hang();
            var asking = AskAsync(leaving.Token);
            await hung.OrFail("the request");
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.OrFail("the end of the request"));
        }

        Answer();
        (await AskAsync().OrFail("the answer")).Dispose();
    }

    private Task<HttpResponseMessage> AskAsync(CancellationToken cancellation = default) =>
        _peers.SendAsync(Eu, HttpMethod.Get, "/v2/", cancellation, AskTimeout);

    /// <summary>Has requests fail of a region that has answered before.</summary>
    private async Task FailAsync(int requests)
    {
        Answer();
        (await AskAsync().OrFail("the answer")).Dispose();
        _clock.Advance(2 * Circuit.Window);
        await FailFromTheBeginningAsync(requests);
    }

    private async Task FailFromTheBeginningAsync(int requests)
    {
        _source.Other = http =>
        {
            _asked++;
            http.Abort();
            return Task.CompletedTask;
        };
        for (var request = 0; request < requests; request++)
            await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => AskAsync().OrFail("the failure"));
    }

    private void Answer(int status = StatusCodes.Status200OK) => _source.Other = http =>
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    private Task Hang()
    {
        var hung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _source.Other = http =>
        {
            _asked++;
            hung.TrySetResult();
            return http.RequestAborted.Ended();
        };
        return hung.Task;
    }
}
