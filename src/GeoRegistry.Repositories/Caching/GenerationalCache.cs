using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace GeoRegistry.Repositories.Caching;

/// <summary>A bounded cache whose hits take no lock: two generations, of which the older goes whole when the younger is full.</summary>
/// <remarks>What was used since the last change of generations stays; keeping order by each use would cost every hit a write.</remarks>
/// <param name="budgetBytes">How much both generations may hold together, by <paramref name="costBytes"/>.</param>
/// <param name="costBytes">What a value takes in memory.</param>
internal sealed class GenerationalCache<TKey, TValue>(long budgetBytes, Func<TValue, long> costBytes)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _changes = new();
    private volatile ConcurrentDictionary<TKey, TValue> _young = new();
    private volatile ConcurrentDictionary<TKey, TValue> _old = new();
    private long _youngBytes;

    /// <summary>Finds a value.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) =>
        _young.TryGetValue(key, out value) || TryPromote(key, out value);

    /// <summary>Sets a value, or removes it where it is null. One that takes more than half the budget is not kept.</summary>
    public void Set(TKey key, TValue? value)
    {
        lock (_changes)
        {
            _old.TryRemove(key, out _);
            if (_young.TryRemove(key, out var before)) _youngBytes -= costBytes(before);
            if (value is not null) Add(key, value);
        }
    }

    /// <summary>Finds a value, or adds the one made for the key; every caller gets the same as long as it is cached.</summary>
    public TValue GetOrAdd(TKey key, Func<TKey, TValue> make)
    {
        if (TryGet(key, out var value)) return value;
        lock (_changes)
        {
            if (_young.TryGetValue(key, out value)) return value;
            value = make(key);
            Add(key, value);
            return value;
        }
    }

    /// <summary>Removes the values whose keys are meant. Looks at every key.</summary>
    public void RemoveAll(Func<TKey, bool> isMeant)
    {
        lock (_changes)
        {
            foreach (var key in _old.Keys.Where(isMeant)) _old.TryRemove(key, out _);
            foreach (var key in _young.Keys.Where(isMeant))
            {
                if (_young.TryRemove(key, out var value)) _youngBytes -= costBytes(value);
            }
        }
    }

    private bool TryPromote(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        value = null;
        if (!_old.ContainsKey(key)) return false;
        lock (_changes)
        {
            if (_young.TryGetValue(key, out value)) return true;
            if (!_old.TryRemove(key, out value)) return false;
            Add(key, value);
            return true;
        }
    }

    private void Add(TKey key, TValue value)
    {
        var cost = costBytes(value);
        if (cost > budgetBytes / 2) return; // It would push out all others and still not fit.
        if (_youngBytes + cost > budgetBytes / 2)
        {
            _old = _young;
            _young = new ConcurrentDictionary<TKey, TValue>();
            _youngBytes = 0;
        }

        _young[key] = value;
        _youngBytes += cost;
    }
}
