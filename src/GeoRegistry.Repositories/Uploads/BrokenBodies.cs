namespace GeoRegistry.Repositories.Uploads;

/// <summary>
/// Where bodies of one upload broke off, and where the next body began that may be the same again: the bytes between are there twice
/// then.
/// </summary>
/// <remarks>
/// Only the digest tells a body that repeats another from one that goes on after it, so all are remembered, up to
/// <see cref="MaxCount"/>. That a client asked for the upload's size proves nothing: it may send its body from the beginning all the
/// same.
/// </remarks>
internal sealed class BrokenBodies
{
    /// <summary>How many are remembered, each of which may cost a pass over the upload at its end.</summary>
    public const int MaxCount = 4;

    // In the order in which they broke off, so that those which were followed by a body are before the others.
    private readonly List<(long From, long? Until)> _breaks = [];

    /// <summary>The ranges that may have to be left out, the newest first.</summary>
    public IEnumerable<(long From, long Until)> Candidates => _breaks
        .Where(each => each.From < each.Until)
        .Select(each => (each.From, each.Until!.Value))
        .Reverse();

    /// <summary>A body broke off.</summary>
    /// <param name="start">Where it began: the upload's size before it.</param>
    /// <remarks>
    /// Where there are too many, the oldest that a body followed is forgotten. A request that broke off repeatedly begins at the
    /// first of those that no body followed, or at the last, so the second is forgotten then.
    /// </remarks>
    public void BrokeOff(long start)
    {
        if (_breaks.Contains((start, null))) return;
        if (_breaks.Count == MaxCount) _breaks.RemoveAt(_breaks[0].Until is null ? 1 : 0);
        _breaks.Add((start, null));
    }

    /// <summary>A body that did not say where it begins arrived whole, and was not empty: it may be the one that broke off.</summary>
    /// <param name="start">Where it was appended.</param>
    public void Followed(long start)
    {
        for (var i = 0; i < _breaks.Count; i++) _breaks[i] = (_breaks[i].From, _breaks[i].Until ?? start);
    }

    /// <summary>A body said rightly where it begins: its client knew what had arrived, and repeats nothing.</summary>
    public void Resumed() => _breaks.RemoveAll(each => each.Until is null);

    /// <summary>The upload's bytes from a size on were removed.</summary>
    public void TakenBack(long sizeBytes)
    {
        _breaks.RemoveAll(each => each.From >= sizeBytes);
        for (var i = 0; i < _breaks.Count; i++)
        {
            if (_breaks[i].Until >= sizeBytes) _breaks[i] = (_breaks[i].From, null);
        }
    }
}
