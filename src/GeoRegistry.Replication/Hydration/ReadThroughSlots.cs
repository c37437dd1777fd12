using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Limits the blobs that come through for clients, so that many at once neither exhaust memory nor wait without end.</summary>
/// <remarks>
/// A fetch holds a slot while it receives bytes. It has none while it waits for a region's answer: a region that hangs
/// must not hold up the others. For the same reason one region has not all of anything.
/// </remarks>
internal sealed class ReadThroughSlots(TimeProvider clock) : IDisposable
{
    /// <summary>How many blobs are received at a time: each takes a buffer and what the socket received ahead.</summary>
    public const int MaxReceiving = 64;

    /// <summary>How many of them may come from one region: a slow one leaves a quarter to the others.</summary>
    public const int MaxReceivingOfRegion = 48;

    /// <summary>
    /// How many more fetches may wait for a region's answer or for a slot: each has an open file. Beyond it clients are
    /// asked to come again.
    /// </summary>
    public const int MaxWaiting = 192;

    /// <summary>How many fetches one region may be asked for at a time, those that are received among them. Likewise.</summary>
    public const int MaxUnderWayOfRegion = 192;

    /// <summary>How long a fetch waits for a slot.</summary>
    public static readonly TimeSpan WaitTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrencyLimiter _fetches = new(new() { PermitLimit = MaxReceiving + MaxWaiting });
    private readonly ConcurrencyLimiter _receiving = new(new() { PermitLimit = MaxReceiving, QueueLimit = MaxReceiving + MaxWaiting });
    private readonly ConcurrentDictionary<RegionId, OfRegion> _regions = new();

    /// <summary>Lets a fetch begin; null where too many are under way. The fetch disposes it at its end.</summary>
    public IDisposable? TryBegin() => Acquired(_fetches.AttemptAcquire());

    /// <summary>Lets a region be asked; null where too many fetches from it are under way. To be disposed with its answer.</summary>
    public IDisposable? TryAsk(RegionId region) => Acquired(Of(region).UnderWay.AttemptAcquire());

    /// <summary>Takes a slot to receive from a region that is free; null where none is.</summary>
    public IDisposable? TryTake(RegionId region)
    {
        var (ofRegion, ofAll) = (Of(region).Receiving.AttemptAcquire(), _receiving.AttemptAcquire());
        return Acquired(ofRegion, ofAll);
    }

    /// <summary>Waits for a slot to receive from a region; null where none came within the timeout.</summary>
    public async Task<IDisposable?> TakeAsync(RegionId region, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(WaitTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        RateLimitLease? ofRegion = null;
        try
        {
            ofRegion = await Of(region).Receiving.AcquireAsync(1, either.Token).ConfigureAwait(false);
            return Acquired(ofRegion, await _receiving.AcquireAsync(1, either.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            ofRegion?.Dispose();
            return null;
        }
        catch
        {
            ofRegion?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _fetches.Dispose();
        _receiving.Dispose();
        foreach (var region in _regions.Values) region.Dispose();
    }

    private OfRegion Of(RegionId region) => _regions.GetOrAdd(region, static _ => new OfRegion());

    private static RateLimitLease? Acquired(RateLimitLease lease) => lease.IsAcquired ? lease : null;

    private static Both? Acquired(RateLimitLease ofRegion, RateLimitLease ofAll)
    {
        var both = new Both(ofRegion, ofAll);
        if (ofRegion.IsAcquired && ofAll.IsAcquired) return both;
        both.Dispose();
        return null;
    }

    private sealed record Both(RateLimitLease OfRegion, RateLimitLease OfAll) : IDisposable
    {
        public void Dispose()
        {
            OfAll.Dispose();
            OfRegion.Dispose();
        }
    }

    private sealed class OfRegion : IDisposable
    {
        public ConcurrencyLimiter UnderWay { get; } = new(new() { PermitLimit = MaxUnderWayOfRegion });

        public ConcurrencyLimiter Receiving { get; } = new(new() { PermitLimit = MaxReceivingOfRegion, QueueLimit = MaxUnderWayOfRegion });

        public void Dispose()
        {
            UnderWay.Dispose();
            Receiving.Dispose();
        }
    }
}
