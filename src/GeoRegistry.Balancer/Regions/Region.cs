using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Regions;

/// <summary>A region as the entrance knows it.</summary>
/// <param name="id">Its id.</param>
/// <param name="address">Where its front door serves clients, without a slash at the end.</param>
internal sealed class Region(RegionId id, string address)
{
    private CancellationTokenSource _silence = new(), _loss = new();
    private volatile Readiness _readiness = Readiness.Silent;

    public RegionId Id { get; } = id;

    public string Address { get; } = address;

    /// <summary>What its last health check showed; <see cref="Readiness.Silent"/> before the first.</summary>
    public Readiness Readiness => _readiness;

    /// <summary>Cancelled when the region stops answering: a request that can be repeated goes to another region then.</summary>
    /// <remarks>A token that is taken while the region is silent is cancelled when it falls silent the next time.</remarks>
    public CancellationToken Silence => Volatile.Read(ref _silence).Token;

    /// <summary>Cancelled when the region has been silent for so long that no request waits for it any more.</summary>
    public CancellationToken Loss => Volatile.Read(ref _loss).Token;

    /// <summary>Records the result of a health check. One caller at a time.</summary>
    public void Set(Readiness readiness)
    {
        var fellSilent = readiness == Readiness.Silent && _readiness != Readiness.Silent;
        _readiness = readiness;
        if (fellSilent) Interlocked.Exchange(ref _silence, new CancellationTokenSource()).Cancel();
    }

    /// <summary>Ends all requests that wait for the region.</summary>
    public void EndRequests() => Interlocked.Exchange(ref _loss, new CancellationTokenSource()).Cancel();

    /// <inheritdoc/>
    public override string ToString() => Id.ToString();
}
