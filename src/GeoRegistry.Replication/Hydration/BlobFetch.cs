using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories;
using GeoRegistry.Resilience;
using Polly;

namespace GeoRegistry.Replication.Hydration;

/// <summary>One blob on its way into this region, for any number of readers. It goes on when they leave.</summary>
/// <remarks>
/// <para>
/// The bytes are written to the blob store as they come; readers read them from there. What is behind the last byte of all is not
/// shown before all of it was verified and stored: a reader that got everything got the right blob. What a broken fetch left is
/// resumed by the next.
/// </para>
/// <para>
/// A region's copy that is missing, damaged or of another size is looked for in the next region. Where all bytes do not match the
/// digest, they are discarded: whose were bad is known only where all came from one region.
/// </para>
/// </remarks>
internal sealed class BlobFetch(Digest digest, long sizeBytes, IBlobStore store, BlobSource source,
    DamagedCopies damaged, TimeProvider clock)
{
    // A connection that breaks in the middle is retried for a few seconds before readers get an error.
    private readonly ResiliencePipeline<FetchOutcome> _rounds = Pipelines.Fetch<FetchOutcome>(
        outcome => outcome is FetchOutcome.Failed { Fault: FetchFault.Regions }, clock);

    private readonly TaskCompletionSource<bool> _found = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile FetchedCopy _copy = new(digest, sizeBytes, store);

    /// <summary>Whether a region that has the blob began to send it, or none has it; fails where that could not be found out.</summary>
    public Task<bool> Found => _found.Task;

    /// <summary>The copy that arrives now.</summary>
    public FetchedCopy Copy => _copy;

    /// <summary>The region that sends it, or sent it last; null before the first began.</summary>
    public RegionId? Source { get; private set; }

    /// <summary>The blob's size.</summary>
    public long SizeBytes => sizeBytes;

    /// <summary>The key of a blob's upload: always the same, so that what an earlier fetch left is found again.</summary>
    public static string KeyOf(Digest digest) => $"{KeyPrefix}{digest.Algorithm.Name()}-{digest.Hex[..64]}";

    /// <summary>What the keys of all fetches begin with.</summary>
    public const string KeyPrefix = "fetch-";

    /// <summary>Fetches the blob from the first region that has an intact copy; from another, where that breaks off.</summary>
    /// <param name="regions">The regions in the order in which they are asked.</param>
    /// <param name="cancellation">Ends it; what has come stays for the next.</param>
    public async Task<FetchOutcome> RunAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation)
    {
        try
        {
            var outcome = await FetchAsync(regions, cancellation).ConfigureAwait(false);
            Settle(outcome);
            return outcome;
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
    }

    /// <summary>Lets the bytes be sent from now on, so that they can be read while they come: a copy by the store is aborted.</summary>
    public void StreamNow() => source.StreamNow();

    /// <summary>Tells those who wait that it will not be run.</summary>
    public void Cancel(CancellationToken stopped) => Fail(new OperationCanceledException(stopped));

    // What regions do wrong is an answer (BlobSource), so that whatever is thrown here is a failure of this region.
    private async Task<FetchOutcome> FetchAsync(IReadOnlyList<RegionId> regions, CancellationToken cancellation)
    {
        try
        {
            if (await store.FindAsync(digest, cancellation).ConfigureAwait(false) is not null) return new FetchOutcome.Stored(0);
            var key = KeyOf(digest);
            var upload = await store.ResumeUploadAsync(key, cancellation).ConfigureAwait(false)
                ?? await store.BeginUploadAsync(key, cancellation).ConfigureAwait(false);
            await using (upload.ConfigureAwait(false)) return await FillAsync(upload, regions, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return new FetchOutcome.Failed($"The store of this region failed: {e.Message}", FetchFault.Store);
        }
    }

    private async Task<FetchOutcome> FillAsync(IBlobUpload upload, IReadOnlyList<RegionId> regions, CancellationToken cancellation)
    {
        using var receiving = new ReceivingUpload(upload, sizeBytes, digest.Algorithm);
        try
        {
            await receiving.ResumeAsync(cancellation).ConfigureAwait(false);
            var candidates = new Candidates(regions);
            var outcome = receiving.IsWhole && await TryStoreAsync(receiving, cancellation).ConfigureAwait(false)
                ? new FetchOutcome.Stored(0)
                : await _rounds.ExecuteAsync(token => RunRoundAsync(receiving, candidates, token), cancellation).ConfigureAwait(false);

            // Only what a region is still to continue is worth its space.
            var isOver = outcome is FetchOutcome.NotFound or FetchOutcome.Failed { Fault: FetchFault.Copies };
            if (isOver || (outcome is FetchOutcome.Failed && upload.SizeBytes == 0))
                await upload.DiscardAsync(cancellation).ConfigureAwait(false);
            return outcome;
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // A full disk needs the space, and what a failing store has kept cannot be relied on.
            await TryDiscardAsync(upload, cancellation).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Asks every region once that may have an intact copy.</summary>
    private async ValueTask<FetchOutcome> RunRoundAsync(ReceivingUpload upload, Candidates candidates, CancellationToken cancellation)
    {
        var problem = "";
        foreach (var region in candidates.Left.ToArray())
        {
            if (!candidates.Left.Contains(region)) continue; // It answered in the place of another.
            var (answering, answer) = await ReceiveAsync(upload, region, candidates.After(region), cancellation).ConfigureAwait(false);
            switch (answer)
            {
                case SourceAnswer.Whole:
                    damaged.Forget(digest);
                    return new FetchOutcome.Stored(upload.ReceivedBytes, upload.CopiedBytes);
                case SourceAnswer.NotFound:
                    candidates.Left.Remove(answering);
                    break;
                case SourceAnswer.Damaged(var reason):
                    candidates.Left.Remove(answering);
                    candidates.Damage = reason;
                    damaged.Add(digest, answering, reason);
                    break;
                case SourceAnswer.BrokeOff(var reason):
                    problem = reason;
                    break;
                case SourceAnswer.NoSlot:
                    return new FetchOutcome.Failed("This region fetches as many blobs for clients as it allows.", FetchFault.Slots);
            }
        }

        if (candidates.Left.Count > 0) return new FetchOutcome.Failed(problem, FetchFault.Regions);
        return candidates.Damage is { } damage ? new FetchOutcome.Failed(damage, FetchFault.Copies) : new FetchOutcome.NotFound();
    }

    /// <summary>
    /// Gets what is missing from a region, or from the next where that is slow to answer, and stores the blob where its digest is right.
    /// </summary>
    private async Task<(RegionId Region, SourceAnswer Answer)> ReceiveAsync(
        ReceivingUpload upload, RegionId region, RegionId? next, CancellationToken cancellation)
    {
        while (true)
        {
            (region, var answer) = await source.ReceiveAsync(
                region, next, digest, upload, from => Begin(upload, from), () => _copy.Show(upload.Upload), cancellation)
                .ConfigureAwait(false);
            if (answer is not SourceAnswer.Whole) return (region, answer);
            var copy = _copy;
            if (await TryStoreAsync(upload, cancellation).ConfigureAwait(false)) return (region, answer);
            if (copy.Source == region)
                return (region, new SourceAnswer.Damaged($"Region {region} sent content that does not match the digest {digest}."));

            // The bad bytes may be those that came before, from elsewhere: this region is asked for all of them.
            next = null;
        }
    }

    private void Begin(ReceivingUpload upload, RegionId region)
    {
        Source = region;
        _copy.ComesFrom(region, upload.SizeBytes);
        if (sizeBytes > FetchedCopy.VerifiedFirstBytes) _found.TrySetResult(true);
        _copy.Show(upload.Upload);
    }

    /// <summary>Stores what has come, or discards it where it is not the blob.</summary>
    private async Task<bool> TryStoreAsync(ReceivingUpload upload, CancellationToken cancellation)
    {
        if (upload.CurrentDigest() == digest)
        {
            await upload.Upload.CommitAsync(digest, cancellation).ConfigureAwait(false);
            return true;
        }

        var bad = _copy;
        _copy = new FetchedCopy(digest, sizeBytes, store);
        bad.Drop();
        await upload.ClearAsync(cancellation).ConfigureAwait(false);
        return false;
    }

    private static async Task TryDiscardAsync(IBlobUpload upload, CancellationToken cancellation)
    {
        try
        {
            await upload.DiscardAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The store fails at this too. The next fetch resumes the upload, or it is swept.
        }
    }

    private void Settle(FetchOutcome outcome)
    {
        switch (outcome)
        {
            case FetchOutcome.Stored:
                _found.TrySetResult(true);
                _copy.Available.Advance(sizeBytes);
                break;
            case FetchOutcome.NotFound:
                _found.TrySetResult(false);
                _copy.Available.Fail(new IOException($"No region has the blob {digest}."));
                break;
            case FetchOutcome.Failed(var reason, FetchFault.Store or FetchFault.Slots):
                Fail(new RegionUnavailableException($"The blob {digest} could not be fetched: {reason} Try again in a second."));
                break;
            case FetchOutcome.Failed(var reason, _):
                Fail(new OtherRegionsUnreachableException($"The blob {digest} could not be fetched: {reason}"));
                break;
        }
    }

    private void Fail(Exception failure)
    {
        if (failure is OperationCanceledException cancelled) _found.TrySetCanceled(cancelled.CancellationToken);
        else _found.TrySetException(failure);
        _copy.Available.Fail(failure);
    }

    /// <summary>The regions that may have an intact copy of the blob, and why others do not.</summary>
    private sealed class Candidates(IReadOnlyList<RegionId> regions)
    {
        public List<RegionId> Left { get; } = [.. regions];

        /// <summary>What is wrong with the copy of the last region that has a damaged one; null where none has.</summary>
        public string? Damage { get; set; }

        /// <summary>The one that is asked after a region; null where it is the last.</summary>
        public RegionId? After(RegionId region) =>
            Left.SkipWhile(left => left != region).Skip(1).Select(left => (RegionId?)left).FirstOrDefault();
    }
}
