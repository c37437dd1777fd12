using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Replication.Visibility;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Visibility;

public sealed class HomeVisibilityTests : IAsyncLifetime
{
    private const string V1 = "v1", V2 = "v2";

    private readonly TemporaryFolder _folder = new();
    private readonly CountingTimeProvider _clock = new(SampleLedger.At);
    private readonly ReplicationOptions _options = new();
    private readonly SqliteMetadataStore _store;
    private readonly SampleLedger _ledger;
    private readonly ReadLeases _leases;
    private readonly HomeVisibility _changes;

    public HomeVisibilityTests()
    {
        _store = new SqliteMetadataStore(_folder.Child("metadata.db"), SampleLedger.Region);
        _ledger = new SampleLedger(() => _store, "team/app");
        _leases = new ReadLeases(Map(Eu), _options, _clock);
        _changes = new HomeVisibility(Map(Eu), _leases, _store, _store, _clock);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task ShownOf_UntilAllRegionsHaveApplied_IsNotEnded()
    {
        var change = await BeginAsync(Set(V1));
        Assert.NotNull(_changes.ShownOf(_ledger.Repository, V1));
        var acknowledged = change.Appended(await AppendAsync(Set(V1)));
        var shown = _changes.ShownOf(_ledger.Repository, V1)!;
        await ReportAsync(1, "us");
        Assert.False(shown.IsCompleted);

        await ReportAsync(1, "ap");

        await shown.OrFail("the change is shown everywhere");
        await acknowledged.OrFail("the writer knows");
        Assert.Null(_changes.ShownOf(_ledger.Repository, V1));
        Assert.Null(_changes.ShownOf(_ledger.Repository, V2));
    }

    [Fact]
    public async Task ShownThrough_WhileChangesSpread_StopsBeforeTheFirst()
    {
        var first = await BeginAsync(Set(V1));
        _ = first.Appended(await AppendAsync(Set(V1)));
        var second = await BeginAsync(Set(V2));
        var both = second.Appended(await AppendAsync(Set(V2)));
        Assert.Equal(0, _leases.ShownThrough(2));

        await ReportAsync(1, "us", "ap");
        await Waiting.UntilAsync("the first is shown everywhere", () => Task.FromResult(_leases.ShownThrough(2) == 1));
        await ReportAsync(2, "us", "ap");
        await both.OrFail("the second is shown everywhere");

        Assert.Equal(2, _leases.ShownThrough(2));
    }

    [Fact]
    public async Task Failed_NotAppended_EndsAtOnce()
    {
        var change = await BeginAsync(Set(V1));
        var shown = _changes.ShownOf(_ledger.Repository, V1)!;
        change.Failed(isUnknown: false);

        await shown.OrFail("nothing spreads");
        Assert.Null(_changes.ShownOf(_ledger.Repository, V1));
        Assert.Equal(0, _leases.ShownThrough(0));
    }

    [Fact]
    public async Task Failed_Unknown_EndsWhenTheLeasesOfThenHaveEnded()
    {
        var change = await BeginAsync(Set(V1));
        var shown = _changes.ShownOf(_ledger.Repository, V1)!;
        change.Failed(isUnknown: true);
        _clock.Advance(_options.StalenessBound - TimeSpan.FromTicks(1));
        Assert.False(shown.IsCompleted);

        _clock.Advance(TimeSpan.FromTicks(1));

        await shown.OrFail("the leases of then have ended");
    }

    /// <summary>It was appended after all, and a region that holds a lease renewed it after that without having applied it.</summary>
    [Fact]
    public async Task Failed_UnknownAndAppendedAfterAll_WaitsForLeasesThatWereRenewedMeanwhile()
    {
        await ReportAsync(0, "us");
        var change = await BeginAsync(Set(V1));
        await AppendAsync(Set(V1));
        change.Failed(isUnknown: true);
        var shown = _changes.ShownOf(_ledger.Repository, V1)!;
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.True(await ReportAsync(0, "us"));
        await ReportAsync(1, "ap");
        _clock.Advance(_options.StalenessBound - TimeSpan.FromMilliseconds(500));

        // Nothing tells that the wait goes on but its timer, for the renewed lease.
        await Waiting.UntilAsync(
            "the renewed lease is waited for, or the change ended",
            () => Task.FromResult(shown.IsCompleted || _clock.ActiveTimers == 1));
        Assert.False(shown.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(500));

        await shown.OrFail("the renewed lease ended");
    }

    /// <summary>A change that was not appended must not hide the one before it, which still spreads.</summary>
    [Fact]
    public async Task Failed_AfterAChangeThatStillSpreads_LeavesThatOne()
    {
        var first = await BeginAsync(Set(V1));
        var acknowledged = first.Appended(await AppendAsync(Set(V1)));
        var second = await BeginAsync(Set(V1));
        second.Failed(isUnknown: false);

        Assert.NotNull(_changes.ShownOf(_ledger.Repository, V1));
        Assert.False(_changes.ShownOf(_ledger.Repository, V1)!.IsCompleted);
        await ReportAsync(1, "us", "ap");
        await acknowledged.OrFail("the first is shown everywhere");
        await Waiting.UntilAsync("nothing spreads", () => Task.FromResult(_changes.ShownOf(_ledger.Repository, V1) is null));
    }

    [Fact]
    public async Task ResumeAsync_AfterARestart_AdoptsWhatWasSpreading()
    {
        await AppendAsync(Set(V1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        var leases = new ReadLeases(Map(Eu), _options, _clock);
        var changes = new HomeVisibility(Map(Eu), leases, _store, _store, _clock);
        await changes.ResumeAsync(default);

        var shown = changes.ShownOf(_ledger.Repository, V1);
        Assert.NotNull(shown);
        Assert.Null(changes.ShownOf(_ledger.Repository, V2));
        Assert.Equal(0, leases.ShownThrough(1));
        _clock.Advance(_options.StalenessBound);
        await shown.OrFail("the leases of the process before have ended");
        Assert.Equal(1, leases.ShownThrough(1));
    }

    /// <summary>What was noted as shown before the restart is not looked at again.</summary>
    [Fact]
    public async Task ResumeAsync_NotedAsShown_AdoptsOnlyWhatCameAfter()
    {
        await AppendAsync(Set(V1));
        await _store.SetShownThroughAsync(1);
        await AppendAsync(Set(V2));
        var changes = new HomeVisibility(Map(Eu), new ReadLeases(Map(Eu), _options, _clock), _store, _store, _clock);
        await changes.ResumeAsync(default);

        Assert.Null(changes.ShownOf(_ledger.Repository, V1));
        Assert.NotNull(changes.ShownOf(_ledger.Repository, V2));
    }

    /// <summary>A process before this one gave longer leases than this one does: regions may hold them still.</summary>
    [Fact]
    public async Task ResumeAsync_ShorterBoundThanBefore_WaitsOutTheLongerLeases()
    {
        var longer = new ReplicationOptions { StalenessBound = TimeSpan.FromSeconds(60) };
        await new HomeVisibility(Map(Eu), new ReadLeases(Map(Eu), longer, _clock), _store, _store, _clock).ResumeAsync(default);
        var leases = new ReadLeases(Map(Eu), _options, _clock);
        var changes = new HomeVisibility(Map(Eu), leases, _store, _store, _clock);
        await changes.ResumeAsync(default);
        var change = (await changes.BeginChangeAsync(_ledger.Repository, [V1]))!;
        var shown = change.Appended(await AppendAsync(Set(V1)));
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(shown.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));

        await shown.OrFail("the longer leases have ended");
    }

    /// <summary>A process that ends before the longer leases do must leave them to the next.</summary>
    [Fact]
    public async Task KeepRecordAsync_ShorterBoundThanBefore_IsNotedWhenTheLongerLeasesHaveEnded()
    {
        await _store.SetLongestLeaseAsync(TimeSpan.FromSeconds(60));
        var faults = new StoreFaults();
        var ledgers = faults.Over<ILedgerStore>(_store);
        var changes = new HomeVisibility(Map(Eu), new ReadLeases(Map(Eu), _options, _clock), ledgers, _store, _clock);
        using var stopping = new CancellationTokenSource();
        var keeping = changes.KeepRecordAsync(TimeSpan.FromSeconds(1), stopping.Token);
        for (var ticks = 1; ticks <= 2; ticks++)
        {
            _clock.Advance(TimeSpan.FromSeconds(ticks == 1 ? 58 : 1));
            await Waiting.UntilAsync(
                "a tick", () => Task.FromResult(faults.CallsOf(nameof(ILedgerStore.ReadFeedExtentAsync)) >= ticks));
        }

        Assert.Equal(TimeSpan.FromSeconds(60), (await _store.ReadRecordAsync()).LongestLease);

        await Waiting.UntilAsync("the shorter bound is noted", async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return (await _store.ReadRecordAsync()).LongestLease == _options.StalenessBound;
        });
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => keeping.OrFail("the end"));
    }

    private static Operation Set(string tag) => new Operation.TagSet(Tag.Parse(tag), SampleBlob.Of("x").Digest);

    private async Task<IVisibleChange> BeginAsync(Operation operation) =>
        (await _changes.BeginChangeAsync(_ledger.Repository, [.. VisibleNames.ChangedBy([operation])]))!;

    private async Task<FeedPosition> AppendAsync(Operation operation) => (await _ledger.AppendAsync(operation)).Position;

    private async Task<bool> ReportAsync(long applied, params IReadOnlyList<string> regions)
    {
        var extent = await _store.ReadFeedExtentAsync(Eu);
        var all = true;
        foreach (var region in regions)
        {
            all &= (await _leases.ReportAsync(
                RegionId.Parse(region), extent.Incarnation, applied, topology: 1, () => ValueTask.FromResult(extent))).Lease
                > TimeSpan.Zero;
        }

        return all;
    }
}
