using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Ledgers.Verification;
using GeoRegistry.Protocol;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Hydration;
using GeoRegistry.Replication.Tails;
using Microsoft.Extensions.Logging;

namespace GeoRegistry.Replication.Verification;

/// <summary>
/// Hashes the blobs of this region again, and has those fetched from other regions that are damaged, or missing though
/// nothing awaits them.
/// </summary>
public sealed partial class BlobVerifier
{
    internal const string Kind = "blob";

    /// <summary>How many blobs that cannot be opened a round skips; more means that the store itself fails.</summary>
    private const int MaxFailures = 100;

    /// <summary>How many dead letters a pass looks at.</summary>
    private const int MaxDeadLetters = 1000;

    /// <summary>About what it takes to ask the other regions for one.</summary>
    private static readonly TimeSpan WorkOfALetter = TimeSpan.FromMilliseconds(1);

    private readonly RegionMap _map;
    private readonly VerifyingBlobStore _blobs;
    private readonly ILedgerVerification _store;
    private readonly ILedgerStore _ledgers;
    private readonly IReplicaStore _replicas;
    private readonly IRepositoryTables _tables;
    private readonly IHydrationQueue _queue;
    private readonly IRegionRecord _record;
    private readonly WantedBlobs _wanted;
    private readonly TailStates _tails;
    private readonly DamagedLedgers _damagedLedgers;
    private readonly VerificationProgress _progress;
    private readonly ILogger<BlobVerifier> _logger;

    /// <summary>How many blobs were set aside, and how many of them when what is missing was last queued.</summary>
    private long _damaged, _queued;

    /// <summary>The verifier of a region's blobs.</summary>
    public BlobVerifier(
        RegionMap map,
        VerifyingBlobStore blobs,
        ILedgerVerification store,
        ILedgerStore ledgers,
        IReplicaStore replicas,
        IRepositoryTables tables,
        IHydrationQueue queue,
        IRegionRecord record,
        WantedBlobs wanted,
        TailStates tails,
        DamagedLedgers damagedLedgers,
        VerificationProgress progress,
        ILogger<BlobVerifier> logger)
    {
        (_map, _blobs, _store, _ledgers, _replicas, _tables, _queue, _record, _wanted, _tails, _damagedLedgers, _progress, _logger) = (
            map, blobs, store, ledgers, replicas, tables, queue, record, wanted, tails, damagedLedgers, progress, logger);
        blobs.Damaged += OnDamaged;
    }

    /// <summary>Whether a blob was set aside since blobs were last looked for that are missing.</summary>
    internal bool IsAnyNew => Interlocked.Read(ref _damaged) > Interlocked.Read(ref _queued);

    /// <summary>Hashes every blob. One that cannot be opened does not keep those after it from being hashed.</summary>
    /// <exception cref="IOException">Some could not be opened; all others were hashed.</exception>
    internal async Task HashAsync(Pace pace, bool counts, CancellationToken cancellation)
    {
        var failures = new List<Exception>();
        await foreach (var blob in _blobs.ListAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                await _blobs.VerifyAsync(
                    blob.Digest, (worked, bytes) => pace.RestAsync(worked, cancellation, bytes), cancellation).ConfigureAwait(false);
                _progress.Hashed(blob.SizeBytes, counts);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested && failures.Count < MaxFailures)
            {
                failures.Add(failure);
            }
        }

        if (failures.Count > 0)
            throw new IOException($"{failures.Count} blobs could not be verified, the first: {failures[0].Message}", failures[0]);
    }

    /// <summary>Queues the blobs that ledgers name, that are to be here, that the store lacks, and that are not queued.</summary>
    internal async Task QueueMissingAsync(Pace pace, CancellationToken cancellation)
    {
        var damaged = Interlocked.Read(ref _damaged);
        for (string? after = null; ;)
        {
            var page = await _store.ListStatesAsync(after, 100, cancellation).ConfigureAwait(false);
            foreach (var (ledger, _) in page)
            {
                var begun = pace.Begin();
                await QueueMissingAsync(ledger, cancellation).ConfigureAwait(false);
                await pace.EndAsync(begun, cancellation).ConfigureAwait(false);
            }

            if (page.Count == 0) break;
            after = page[^1].Ledger.Name;
        }

        await TryDeadLettersAsync(pace, cancellation).ConfigureAwait(false);
        await NoteRepairedAsync(cancellation).ConfigureAwait(false);
        await ForgetUnwantedAsync(cancellation).ConfigureAwait(false);
        Interlocked.Exchange(ref _queued, damaged);
    }

    /// <summary>Records blobs that are here again.</summary>
    internal async Task NoteRepairedAsync(CancellationToken cancellation)
    {
        foreach (var name in _progress.Open(Kind))
        {
            var digest = Digest.Parse(name);
            if (await _blobs.FindAsync(digest, cancellation).ConfigureAwait(false) is not null && _progress.Repaired(Kind, name))
                LogRepaired(digest);
        }
    }

    // A process that ended between storing a blob and taking note of it leaves a dead letter that nobody waits for; and what is pushed
    // to another region is no news here.
    private async Task TryDeadLettersAsync(Pace pace, CancellationToken cancellation)
    {
        foreach (var letter in await _queue.ListAsync(dead: true, MaxDeadLetters, cancellation).ConfigureAwait(false))
        {
            await _wanted.NoteStoredAsync(letter.Digest, cancellation).ConfigureAwait(false);
            if (await _wanted.IsElsewhereAsync(letter.Digest, letter.SizeBytes, cancellation).ConfigureAwait(false)
                && await _queue.RetryAsync(letter.Digest, cancellation).ConfigureAwait(false) > 0) _wanted.Queued();
            await pace.RestAsync(WorkOfALetter, cancellation).ConfigureAwait(false); // Waiting for others is none.
        }
    }

    /// <summary>Closes the findings of blobs that no repository has any more.</summary>
    private async Task ForgetUnwantedAsync(CancellationToken cancellation)
    {
        foreach (var name in _progress.Open(Kind))
        {
            var digest = Digest.Parse(name);
            if (await _tables.FindBlobAnywhereAsync(digest, cancellation).ConfigureAwait(false) is not null
                || await _queue.IsAwaitedAsync(digest, cancellation).ConfigureAwait(false)) continue;
            if (_progress.Repaired(Kind, name)) LogUnwanted(digest);
        }
    }

    private async Task QueueMissingAsync(LedgerId ledger, CancellationToken cancellation)
    {
        // What rows name that are known to be damaged may be a blob that there never was; their repair queues what is missing.
        if (!RepositoryName.TryParse(ledger.Name, out var repository) || _damagedLedgers.Has(repository)) return;
        var named = await _store.ListUnqueuedBlobsAsync(ledger, cancellation).ConfigureAwait(false);
        var topology = _map.Current;
        var home = topology.HomeOf(repository).Region;
        var missing = await _wanted.FindMissingAsync(repository, named, home, cancellation).ConfigureAwait(false);
        if (missing.Count == 0) return;

        // What a topology wants here only now is queued when it is taken over: until then only what was here is missing.
        if (_map.Current != topology || await _record.IsTakeOverPendingAsync(home, cancellation).ConfigureAwait(false))
            missing = [.. missing.Where(blob => _progress.IsOpen(Kind, blob.Digest.ToString()))];
        if (missing.Count == 0) return;
        foreach (var blob in missing)
        {
            if (_progress.Found(Kind, blob.Digest.ToString(), $"missing, though {repository} has it and nothing awaited it"))
                LogMissing(blob.Digest, repository.ToString());
        }

        await _replicas.QueueMissingAsync(await PositionOfAsync(home, cancellation).ConfigureAwait(false), ledger, missing,
            cancellation).ConfigureAwait(false);
        _wanted.Queued();
    }

    private async Task<FeedPosition> PositionOfAsync(RegionId home, CancellationToken cancellation) =>
        _tails.Of(home)?.Position ?? (await _ledgers.ReadFeedExtentAsync(home, cancellation).ConfigureAwait(false)).EndOf(home);

    private void OnDamaged(Digest digest)
    {
        Interlocked.Increment(ref _damaged);
        if (_progress.Found(Kind, digest.ToString(), "its content does not match its digest")) LogDamaged(digest);
    }

    [LoggerMessage(
        1,
        LogLevel.Error,
        "The blob {Digest} is damaged: its file was moved to blobs/damaged, it is not served, and it is fetched from another region.")]
    private partial void LogDamaged(Digest digest);

    [LoggerMessage(
        2,
        LogLevel.Error,
        "The blob {Digest} of {Repository} is missing and nothing awaited it: it is fetched from another region.")]
    private partial void LogMissing(Digest digest, string repository);

    [LoggerMessage(3, LogLevel.Warning, "The blob {Digest} is repaired.")]
    private partial void LogRepaired(Digest digest);

    [LoggerMessage(4, LogLevel.Warning, "No repository has the blob {Digest} any more: nothing has to be repaired.")]
    private partial void LogUnwanted(Digest digest);
}
