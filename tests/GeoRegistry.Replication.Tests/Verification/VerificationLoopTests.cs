using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Replication.Verification;
using GeoRegistry.Storage.Files;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Verification;

/// <summary>When passes run, how much they rest, and which of them repair.</summary>
public sealed class VerificationLoopTests : IAsyncLifetime
{
    /// <summary>Repairs of ledgers and of blobs, rounds over the blobs, and passes wait for the clock: each has one timer.</summary>
    private const int WaitingTimers = 4;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    private readonly TemporaryFolder _folder = new(inMemory: true);
    private readonly CountingTimeProvider _clock = new();
    private readonly VerificationProgress _progress;
    private readonly ScannedStore _scanned;
    private readonly SqliteMetadataStore _store;
    private readonly FaultyBlobStore _blobs;
    private readonly VerificationLoop _loop;

    public VerificationLoopTests()
    {
        var map = new RegionMap(Eu, Of(Eu));
        _progress = new VerificationProgress(map);
        _scanned = new ScannedStore(_clock);
        _store = new SqliteMetadataStore(_folder.Child("metadata.db"), Eu, _clock);
        var (tails, damaged) = (new TailStates(map, _clock), new DamagedLedgers());
        _blobs = new FaultyBlobStore(new FileBlobStore(_folder.Child("blobs")));
        var blobs = new VerifyingBlobStore(_blobs);

        // A region alone asks no other: it needs nothing to repair from others with.
        _loop = new VerificationLoop(
            new LedgerVerifier(
                map, _scanned, _store, _store, null!, tails, damaged, _progress, _clock, NullLogger<LedgerVerifier>.Instance),
            new BlobVerifier(
                map, blobs, _scanned, _store, _store, _store, _store, _store, null!, tails, damaged, _progress,
                NullLogger<BlobVerifier>.Instance),
            damaged, _progress, _clock, NullLogger<VerificationLoop>.Instance);
    }

    [Fact]
    public async Task Run_PassThatNobodyAskedFor_Rests199TimesAsLongAsItWorks()
    {
        _scanned.Work = TimeSpan.FromMilliseconds(100);
        await _loop.StartAsync(CancellationToken.None);

        await StepUntilAsync("two passes have ended", () => _progress.Read().Completed == 2);

        var rests = _scanned.Rests;
        Assert.Equal(2 * ScannedStore.Ledgers, rests.Count);
        Assert.All(rests[..ScannedStore.Ledgers], rest => Assert.InRange(rest, _scanned.Work, Step)); // Half a core, after a start.
        Assert.All(rests[ScannedStore.Ledgers..], rest => Assert.InRange(rest, 199 * _scanned.Work, (199 * _scanned.Work) + Step));
    }

    /// <summary>Work on what is no ledger counts as well: the record may name many blobs to announce.</summary>
    [Fact]
    public async Task Run_RecordThatTakesLong_RestsAfterItToo()
    {
        _scanned.RecordWork = TimeSpan.FromSeconds(1);
        await _loop.StartAsync(CancellationToken.None);

        await StepUntilAsync("two passes have ended", () => _progress.Read().Completed == 2);

        Assert.Equal(2, _scanned.RecordRests.Count);
        Assert.InRange(_scanned.RecordRests[1], TimeSpan.FromSeconds(199), TimeSpan.FromSeconds(199) + Step);
    }

    /// <summary>The time that a read takes is the machine's; only the rest is the clock's.</summary>
    [Fact]
    public async Task Run_RoundOverTheBlobs_Rests99TimesAsLongAsItWorks()
    {
        foreach (var blob in new[] { SampleBlob.Of("a"), SampleBlob.Of("b") })
        {
            await using var upload = await _blobs.BeginUploadAsync("upload");
            await upload.AppendAsync(blob.Content);
            await upload.CommitAsync(blob.Digest);
        }

        var work = TimeSpan.FromMilliseconds(20);
        DateTimeOffset? read = null, next = null;
        _blobs.Before(StoreCall.ReadBlob, () =>
        {
            SpinWait.SpinUntil(() => false, work);
            read = _clock.GetUtcNow();
            _blobs.Before(StoreCall.Open, () => next = _clock.GetUtcNow());
        });
        await _loop.StartAsync(CancellationToken.None);

        await StepUntilAsync("the second blob is opened", () => next is not null);

        Assert.InRange(next!.Value - read!.Value, 99 * work, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task Request_WithoutRepairs_ReportsAndLeavesAllAsItIsUntilTheNextPass()
    {
        _scanned.Work = TimeSpan.FromSeconds(3); // Repairs beside the passes are due while it runs.
        await _loop.StartAsync(CancellationToken.None);
        await StepUntilAsync("the first pass has ended", () => _progress.Read().Completed == 1);
        _scanned.IsDamaged = true;

        _loop.Request(repairs: false);
        await StepUntilAsync("the pass that was asked for has ended", () => _progress.Read() is { Requested: 2, Completed: 2 });

        Assert.Equal((2, 0, 0), (_progress.Read().Found, _progress.Read().Repaired, _scanned.Repairs));
        await StepUntilAsync("all is repaired", () => _progress.Read().Repaired == 2);
        Assert.Equal(2, _scanned.Repairs);
    }

    [Fact]
    public async Task Request_WithRepairs_RepairsInThatPass()
    {
        await _loop.StartAsync(CancellationToken.None);
        await StepUntilAsync("the first pass has ended", () => _progress.Read().Completed == 1);
        _scanned.IsDamaged = true;

        _loop.Request(repairs: true);
        await StepUntilAsync("the pass that was asked for has ended", () => _progress.Read() is { Requested: 2, Completed: 2 });

        Assert.Equal((2, 2, 2), (_progress.Read().Found, _progress.Read().Repaired, _scanned.Repairs));
    }

    /// <summary>On a large store a pass that nobody asked for takes hours.</summary>
    [Fact]
    public async Task Request_WhileASlowPassRests_BeginsInItsPlace()
    {
        _scanned.Work = TimeSpan.FromSeconds(10); // It rests for half an hour after each ledger.
        await _loop.StartAsync(CancellationToken.None);
        await StepUntilAsync("a slow pass has scanned a ledger", () => _progress.Read() is { Pass: 2, Ledgers: 1 });
        var asked = _clock.GetUtcNow();

        _loop.Request(repairs: true);
        await Waiting.UntilAsync("the pass that was asked for begins", () => Task.FromResult(_progress.Read().Pass == 3)); // No step.
        await StepUntilAsync("the pass that was asked for has ended", () => _progress.Read() is { Requested: 3, Completed: 3 });

        Assert.InRange(_clock.GetUtcNow() - asked, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        Assert.Null(_progress.Read().Error);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _loop.StopAsync(CancellationToken.None);
        _loop.Dispose();
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    // The clock goes on only while all wait for it: so what is measured by it is exact to a step.
    private async Task StepUntilAsync(string name, Func<bool> holds)
    {
        for (var steps = 0; steps < 2000; steps++)
        {
            for (var began = TimeProvider.System.GetTimestamp(); !holds() && _clock.ActiveTimers < WaitingTimers;)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(began) < Waiting.DefaultTimeout, $"Nothing waits, but not yet: {name}.");
                await Task.Yield();
            }

            if (holds()) return;
            _clock.Advance(Step);
        }

        Assert.Fail($"Did not happen in 2000 steps of the clock: {name}.");
    }

    /// <summary>A store of two ledgers, the first of which and the record may be damaged, whose scans take time.</summary>
    private sealed class ScannedStore(CountingTimeProvider clock) : ILedgerVerification
    {
        public const int Ledgers = 2;

        private static readonly LedgerId Name = LedgerId.Of(RepositoryName.Parse("library/a"));

        private volatile bool _isRecordDamaged, _isLedgerDamaged;
        private DateTimeOffset _restsSince, _restsSinceRecord;
        private int _repairs;

        public TimeSpan Work { get; set; }

        public TimeSpan RecordWork { get; set; }

        /// <summary>How long it was until the next call after each ledger, and after each look at the record.</summary>
        public List<TimeSpan> Rests { get; } = [];

        public List<TimeSpan> RecordRests { get; } = [];

        public int Repairs => _repairs;

        public bool IsDamaged
        {
            set => (_isRecordDamaged, _isLedgerDamaged) = (value, value);
        }

        public Task<LedgerScanResult?> VerifyNextAsync(long after, CancellationToken cancellation = default)
        {
            if (after == 0 && RecordRests.Count < 2) RecordRests.Add(clock.GetUtcNow() - _restsSinceRecord);
            if (after > 0) Rests.Add(clock.GetUtcNow() - _restsSince);
            if (after == Ledgers) return Task.FromResult<LedgerScanResult?>(null);
            clock.Advance(Work);
            _restsSince = clock.GetUtcNow();
            return Task.FromResult<LedgerScanResult?>(new LedgerScanResult(
                after + 1, Name, LedgerHead.Empty, ContentsChecksum.Empty, ContentsChecksum.Empty,
                after == 0 && _isLedgerDamaged ? "damaged" : null));
        }

        public Task<bool> RestoreRowsAsync(LedgerScanResult scan, CancellationToken cancellation = default)
        {
            Interlocked.Increment(ref _repairs);
            _isLedgerDamaged = false;
            return Task.FromResult(true);
        }

        public ValueTask<string?> FindFaultOfRecordAsync(CancellationToken cancellation = default)
        {
            clock.Advance(RecordWork);
            _restsSinceRecord = clock.GetUtcNow();
            return ValueTask.FromResult(_isRecordDamaged ? "damaged" : null);
        }

        public Task RepairRecordAsync(CancellationToken cancellation = default)
        {
            Interlocked.Increment(ref _repairs);
            _isRecordDamaged = false;
            return Task.CompletedTask;
        }

        public ValueTask<LedgerState> ReadStateAsync(LedgerId ledger, CancellationToken cancellation = default) => new(LedgerState.Empty);

        public ValueTask<IReadOnlyList<(LedgerId Ledger, LedgerState State)>> ListStatesAsync(
            string? after, int limit, CancellationToken cancellation = default) => new([]);

        public ValueTask<IReadOnlyList<(Digest Digest, long SizeBytes)>> ListUnqueuedBlobsAsync(
            LedgerId ledger, CancellationToken cancellation = default) => new([]);

        public Task<bool> AcceptAsync(LedgerScanResult scan, CancellationToken cancellation = default) => Task.FromResult(false);

        public ValueTask<IReadOnlyList<RegionId>> FindDamagedFeedsAsync(CancellationToken cancellation = default) => new([]);

        public Task<bool> ResetCursorAsync(RegionId region, CancellationToken cancellation = default) => Task.FromResult(false);

        public Task<string?> FindFaultOfQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default) =>
            Task.FromResult<string?>(null);

        public Task RepairQueueAsync(CancellationToken cancellation = default) => Task.CompletedTask;

        public Task TidyQueueAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation = default) => Task.CompletedTask;
    }
}
