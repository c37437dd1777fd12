using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.Repositories.Writes;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Writes;

/// <summary>
/// An append that fails is not acknowledged, whether it took effect or not; what is read and written after it is on the
/// stored state.
/// </summary>
public sealed class FailedAppendTests : IAsyncLifetime
{
    private readonly TestRegion _region = new();
    private readonly StoreFaults _faults = new();
    private readonly RecordedChanges _changes = new();
    private readonly TestProcess _process;

    public FailedAppendTests() => _process = _region.Start(_faults.Over<ILedgerStore>(_region.Metadata), _changes);

    [Theory]
    [InlineData(InjectedFault.NotRun)]
    [InlineData(InjectedFault.AnswerLost)]
    [InlineData(InjectedFault.Cancelled)]
    public async Task PutManifestAsync_AppendFails_ReadsAndTheNextWriteAreOnTheStoredState(InjectedFault fault)
    {
        var (a, b) = (await _process.PushImageAsync("a", "v1"), await _process.PushImageAsync("b"));
        Assert.Equal(a.Digest, await _process.ReadAsync("v1"));
        _faults.Fail(nameof(ILedgerStore.AppendAsync), fault);

        await AssertFailsAsync(fault, () => _process.PutAsync(b, "v1"));

        var current = fault == InjectedFault.AnswerLost ? b : a;
        Assert.Equal(current.Digest, await _process.ReadAsync("v1"));
        Assert.Equal(fault == InjectedFault.AnswerLost ? 3 : 2, (await _process.ReadHeadAsync()).Number);

        // The client tries again: once more or for the first time, the tag is moved by exactly one commit.
        Assert.Equal(3, TestProcess.Committed(await _process.PutAsync(b, "v1")).Number);
        Assert.Equal(b.Digest, await _process.ReadAsync("v1"));
        Assert.Equal(4, TestProcess.Committed(await _process.PutAsync(a, "v1")).Number);
        Assert.Equal(a.Digest, await _process.ReadAsync("v1"));
    }

    [Theory]
    [InlineData(InjectedFault.NotRun)]
    [InlineData(InjectedFault.AnswerLost)]
    [InlineData(InjectedFault.Cancelled)]
    public async Task DeleteAsync_AppendFails_ReadsAreOnTheStoredState(InjectedFault fault)
    {
        var image = await _process.PushImageAsync("a", "v1");
        Assert.Equal(image.Digest, await _process.ReadAsync("v1"));
        _faults.Fail(nameof(ILedgerStore.AppendAsync), fault);

        await AssertFailsAsync(fault, () => _process.DeleteAsync($"{image.Digest}"));

        Assert.Equal(fault == InjectedFault.AnswerLost ? null : image.Digest, await _process.ReadAsync("v1"));
        if (fault == InjectedFault.AnswerLost)
            Assert.Equal(404, TestProcess.Refused(await _process.DeleteAsync($"{image.Digest}")).Status);
        else
            TestProcess.Committed(await _process.DeleteAsync($"{image.Digest}"));
        Assert.Null(await _process.ReadAsync("v1"));
        Assert.Null(await _process.ReadAsync($"{image.Digest}"));
    }

    /// <summary>
    /// A tag that may have moved is not answered alone by anybody until it is known; an append that was cancelled
    /// certainly did not run.
    /// </summary>
    [Theory]
    [InlineData(InjectedFault.NotRun)]
    [InlineData(InjectedFault.AnswerLost)]
    [InlineData(InjectedFault.Cancelled)]
    public async Task PutManifestAsync_AppendFails_TheChangeIsUnknownUnlessItWasCancelled(InjectedFault fault)
    {
        var (_, b) = (await _process.PushImageAsync("a", "v1"), await _process.PushImageAsync("b"));
        var before = _changes.Ended.Count;
        _faults.Fail(nameof(ILedgerStore.AppendAsync), fault);

        await AssertFailsAsync(fault, () => _process.PutAsync(b, "v1"));
        Assert.Equal([fault == InjectedFault.Cancelled ? "not appended" : "unknown"], _changes.Ended.Skip(before));

        TestProcess.Committed(await _process.PutAsync(b, "v1"));
        TestProcess.Committed(await _process.DeleteAsync("v1"));
        Assert.Equal("appended 4", _changes.Ended[^1]);
    }

    /// <summary>
    /// The push that is repeated changes nothing; it is acknowledged only once what the lost one did is shown everywhere.
    /// </summary>
    [Fact]
    public async Task PutManifestAsync_RepeatedAfterALostAnswer_WaitsUntilTheFirstIsShown()
    {
        var (_, b) = (await _process.PushImageAsync("a", "v1"), await _process.PushImageAsync("b"));
        _faults.Fail(nameof(ILedgerStore.AppendAsync), InjectedFault.AnswerLost);
        await AssertFailsAsync(InjectedFault.AnswerLost, () => _process.PutAsync(b, "v1"));

        TestProcess.Committed(await _process.PutAsync(b, "v1"));

        Assert.Equal(3, _changes.Awaited[^1]);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();

    private static async Task AssertFailsAsync(InjectedFault fault, Func<Task<WriteOutcome>> write)
    {
        if (fault == InjectedFault.Cancelled) await Assert.ThrowsAnyAsync<OperationCanceledException>(write);
        else await Assert.ThrowsAsync<InjectedFaultException>(write);
    }

    /// <summary>Records which changes began and how they ended; every change concerns others.</summary>
    private sealed class RecordedChanges : IVisibility
    {
        public List<string> Ended { get; } = [];

        public List<long> Awaited { get; } = [];

        public ValueTask<IVisibleChange?> BeginChangeAsync(
            RepositoryName repository, IReadOnlyList<string> names, CancellationToken cancellation = default) => new(new Change(Ended));

        public Task AwaitShownAsync(RepositoryName repository, IReadOnlyList<string> names) => Task.CompletedTask;

        public Task AwaitFollowedAsync(RepositoryName repository, FeedPosition position, CancellationToken cancellation = default)
        {
            Awaited.Add(position.Number);
            return Task.CompletedTask;
        }

        private sealed class Change(List<string> ended) : IVisibleChange
        {
            public Task Appended(FeedPosition position)
            {
                ended.Add($"appended {position.Number}");
                return Task.CompletedTask;
            }

            public void Failed(bool isUnknown) => ended.Add(isUnknown ? "unknown" : "not appended");
        }
    }
}
