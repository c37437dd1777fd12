using GeoRegistry.Ledgers.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Verification;

/// <summary>Verifies all that the region has, from its start on and pass after pass: metadata often, blobs beside it.</summary>
public sealed partial class VerificationLoop(LedgerVerifier ledgers, BlobVerifier blobs, DamagedLedgers damaged,
    VerificationProgress progress, TimeProvider clock, ILogger<VerificationLoop> logger)
    : BackgroundService
{
    /// <summary>
    /// The share of a core that a pass takes: the first after a start and those that are asked for are urgent,
    /// the others must not be noticed. Rounds over the blobs go on beside them; and a home answers the passes of the others.
    /// </summary>
    private const double UrgentShare = 0.5, SlowShare = 0.005, BlobShare = 0.01;

    /// <summary>How many bytes of blobs are read per second.</summary>
    private const long UrgentBytesPerSecond = 512 * 1024 * 1024, SlowBytesPerSecond = 16 * 1024 * 1024;

    /// <summary>
    /// How long after the end of a pass the next begins, and how long until damage that could not be repaired is tried
    /// again.
    /// </summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20), RetryInterval = TimeSpan.FromSeconds(2);

    private readonly PositionSignal _requests = new(0);

    /// <summary>A pass begins for a request, or the request comes after it.</summary>
    private readonly Lock _beginning = new();
    private bool _repairsRequested;

    /// <summary>Whether a pass runs that only reports.</summary>
    private volatile bool _onlyReports;

    /// <summary>Asks for a pass that begins at once.</summary>
    /// <param name="repairs">Whether it repairs what it finds; otherwise that is left to the passes after it.</param>
    public void Request(bool repairs)
    {
        lock (_beginning)
        {
            _repairsRequested |= repairs;
            progress.Request();
            _requests.Advance();
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(RunPassesAsync(stoppingToken), RepairAsync(stoppingToken), QueueDamagedBlobsAsync(stoppingToken),
            HashBlobsAsync(stoppingToken));

    private Pace Slow => new(SlowShare, SlowBytesPerSecond, clock);

    private Pace BesidePasses => new(BlobShare, SlowBytesPerSecond, clock);

    private Pace Urgent => new(UrgentShare, UrgentBytesPerSecond, clock);

    // Beside the passes: a scan must not wait until what it has found is repaired, nor a repair for the end of a long scan.
    private Task RepairAsync(CancellationToken stopping) => RepeatAsync(
        RetryInterval,
        () => damaged.Count > 0 && !_onlyReports ? ledgers.RepairAsync(stopping) : Task.CompletedTask,
        stopping);

    private Task QueueDamagedBlobsAsync(CancellationToken stopping) => RepeatAsync(
        RetryInterval,
        async () =>
        {
            if (blobs.IsAnyNew && !_onlyReports) await blobs.QueueMissingAsync(Urgent, stopping).ConfigureAwait(false);
            await blobs.NoteRepairedAsync(stopping).ConfigureAwait(false);
        },
        stopping);

    // Beside the passes: a large store takes days, and metadata must not wait for it.
    private Task HashBlobsAsync(CancellationToken stopping) =>
        RepeatAsync(Interval, () => blobs.HashAsync(BesidePasses, counts: false, stopping), stopping);

    private async Task RepeatAsync(TimeSpan interval, Func<Task> act, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(interval, clock, stopping).ConfigureAwait(false);
                await act().ConfigureAwait(false);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                LogFailed(failure);
            }
            catch (Exception)
            {
                // The server stops.
            }
        }
    }

    private async Task RunPassesAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var begun = 0L; // How many requests passes were begun for.
        for (var isFirst = true; !stoppingToken.IsCancellationRequested; isFirst = false)
        {
            bool isAsked, repairs;
            lock (_beginning)
            {
                (isAsked, begun) = (_requests.Position > begun, _requests.Position);
                repairs = !isAsked || _repairsRequested;
                _repairsRequested = false;
                progress.Begin();
            }

            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var pass = RunPassAsync(isSoon: isFirst || isAsked, repairs, hashes: isAsked, ending.Token);
            if (!isFirst && !isAsked)
            {
                // It may take hours: one that is asked for begins in its place.
                await Task.WhenAny(pass, _requests.WaitForAsync(begun + 1, ending.Token)).ConfigureAwait(false);
                await ending.CancelAsync().ConfigureAwait(false);
            }

            await pass.ConfigureAwait(false);
            await AwaitNextAsync(begun, stoppingToken).ConfigureAwait(false);
        }
    }

    /// <param name="isSoon">Whether it is the first after a start or was asked for: then, and while the hydration queue is damaged, it
    /// scans that too, which costs what the whole queue does.</param>
    private async Task RunPassAsync(bool isSoon, bool repairs, bool hashes, CancellationToken stopping)
    {
        var pace = isSoon ? Urgent : Slow;
        _onlyReports = !repairs;
        string? error = null;
        try
        {
            await ledgers.ScanAsync(pace, repairs, stopping).ConfigureAwait(false);
            var scansQueue = isSoon || progress.Open(LedgerVerifier.QueueKind).Count > 0;
            if (scansQueue && await ledgers.ScanQueueAsync(pace, repairs, stopping).ConfigureAwait(false))
                await blobs.QueueMissingAsync(pace, stopping).ConfigureAwait(false);
            error = await ledgers.CompareAsync(pace, repairs, stopping).ConfigureAwait(false);
            if (hashes) await blobs.HashAsync(pace, counts: true, stopping).ConfigureAwait(false);
            if (repairs || !hashes) await blobs.QueueMissingAsync(pace, stopping).ConfigureAwait(false);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            error = failure.Message;
            LogFailed(failure);
        }
        catch (Exception)
        {
            // The server stops, or a pass that was asked for begins.
        }

        _onlyReports = false;
        progress.End(error);
    }

    /// <summary>Waits until a pass is asked for, or is due.</summary>
    private async Task AwaitNextAsync(long begun, CancellationToken stopping)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(_requests.WaitForAsync(begun + 1, wait.Token), Task.Delay(Interval, clock, wait.Token)).ConfigureAwait(false);
        await wait.CancelAsync().ConfigureAwait(false);
    }

    [LoggerMessage(1, LogLevel.Error, "Verification failed; the next pass tries again.")]
    private partial void LogFailed(Exception failure);
}
