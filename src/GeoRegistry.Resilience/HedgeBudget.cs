namespace GeoRegistry.Resilience;

/// <summary>How many hedges may be begun: a share of what is asked, so that they cannot double the load of regions in distress.</summary>
public sealed class HedgeBudget
{
    /// <summary>How many requests allow one hedge: one in ten is what a p90 above the delay asks for.</summary>
    public const int RequestsForOne = 10;

    /// <summary>How many hedges may be saved up: a region that hangs is noticed by its circuit after fewer.</summary>
    public const int MaxSaved = 10;

    private int _saved = MaxSaved * RequestsForOne; // In parts of a hedge.

    /// <summary>A request is made that may be hedged.</summary>
    public void Earn() => Change(+1);

    /// <summary>Takes a hedge.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryTake() => Change(-RequestsForOne);

    private bool Change(int parts)
    {
        for (var saved = Volatile.Read(ref _saved); ;)
        {
            var next = Math.Min(saved + parts, MaxSaved * RequestsForOne);
            if (next < 0) return false;
            var seen = Interlocked.CompareExchange(ref _saved, next, saved);
            if (seen == saved) return true;
            saved = seen;
        }
    }
}
