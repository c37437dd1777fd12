using System.Threading.RateLimiting;

namespace GeoRegistry.Replication.Hydration;

/// <summary>Limits the blobs that come through for clients, so that many at once neither exhaust memory nor wait without end.</summary>
/// <remarks>
/// A fetch holds a slot while it receives bytes. It has none while it waits for a region's answer: a region that hangs
/// must not hold up the others.
/// </remarks>
internal sealed class ReadThroughSlots(TimeProvider clock) : IDisposable
{
    /// <summary>How many blobs are received at a time: each takes a buffer and what the socket received ahead.</summary>
    public const int MaxReceiving = 64;

    /// <summary>
    /// How many more fetches may wait for a region's answer or for a slot: each has an open file. Beyond it clients are
    /// asked to come again.
    /// </summary>
    public const int MaxWaiting = 192;

    /// <summary>How long a fetch waits for a slot.</summary>
    public static readonly TimeSpan WaitTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrencyLimiter _fetches = new(new() { PermitLimit = MaxReceiving + MaxWaiting });
    private readonly ConcurrencyLimiter _receiving = new(new() { PermitLimit = MaxReceiving, QueueLimit = MaxReceiving + MaxWaiting });

    /// <summary>Lets a fetch begin; null where too many are under way. The fetch disposes it at its end.</summary>
    public IDisposable? TryBegin() => Acquired(_fetches.AttemptAcquire());

    /// <summary>Takes a slot that is free; null where none is.</summary>
    public IDisposable? TryTake() => Acquired(_receiving.AttemptAcquire());

    /// <summary>Waits for a slot; null where none came within the timeout.</summary>
    public async Task<IDisposable?> TakeAsync(CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(WaitTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        try
        {
            return Acquired(await _receiving.AcquireAsync(1, either.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _fetches.Dispose();
        _receiving.Dispose();
    }

    private static RateLimitLease? Acquired(RateLimitLease lease) => lease.IsAcquired ? lease : null;
}
