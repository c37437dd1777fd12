using System.Diagnostics.CodeAnalysis;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Caching;

/// <summary>What was read of repositories lately, never older than the last write that was acknowledged.</summary>
/// <remarks>
/// A reader notes the repository's version before it reads the tables and may add what it found only while that is the version;
/// a writer sets what it changed and moves the version in one step, before it answers. So a value that was read before
/// a write is never cached after it. Versions are shared by repositories whose hashes meet: that costs a missed addition, no more.
/// </remarks>
internal sealed class RepositoryCache<TValue>(long budgetBytes, Func<TValue, long> costBytes)
    where TValue : class
{
    private const int VersionCount = 1024;

    /// <summary>Of how many repositories the last commit is known; one that was forgotten is remembered again with its next.</summary>
    private const int MaxApplied = 65536;

    private readonly GenerationalCache<(RepositoryName, string), TValue> _values = new(budgetBytes, costBytes);
    private readonly GenerationalCache<RepositoryName, Applied> _applied = new(MaxApplied, _ => 1);
    private readonly long[] _versions = new long[VersionCount];
    private readonly Lock _additions = new();

    /// <summary>Finds a value by the text that clients ask for it by.</summary>
    public bool TryGet(RepositoryName repository, string reference, [MaybeNullWhen(false)] out TValue value) =>
        _values.TryGet((repository, reference), out value);

    /// <summary>The repository's version, to be taken before its tables are read.</summary>
    public long VersionOf(RepositoryName repository) => Volatile.Read(ref _versions[Index(repository)]);

    /// <summary>Adds what was read, unless the repository was written to since the version was taken.</summary>
    public void Add(RepositoryName repository, string reference, TValue value, long version)
    {
        lock (_additions)
        {
            if (_versions[Index(repository)] == version) _values.Set((repository, reference), value);
        }
    }

    /// <summary>
    /// Sets what a commit changed; null is removed. What comes after a later commit is only removed: that one may have
    /// changed it too.
    /// </summary>
    public void Apply(RepositoryName repository, IEnumerable<(string Reference, TValue? Value)> changes, LedgerPoint at)
    {
        lock (_additions)
        {
            _versions[Index(repository)]++;
            var isLate = _applied.TryGet(repository, out var last) && at.CompareTo(last.At) < 0;
            if (!isLate) _applied.Set(repository, new Applied(at));
            foreach (var (reference, value) in changes) _values.Set((repository, reference), isLate ? null : value);
        }
    }

    /// <summary>Removes what may have changed.</summary>
    public void Remove(RepositoryName repository, IEnumerable<string> references)
    {
        lock (_additions)
        {
            _versions[Index(repository)]++;
            foreach (var reference in references) _values.Set((repository, reference), null);
        }
    }

    /// <summary>Removes all values of a repository. Costs as much as the cache is large: for what is rare.</summary>
    public void Forget(RepositoryName repository)
    {
        lock (_additions)
        {
            _versions[Index(repository)]++;
            _values.RemoveAll(key => key.Item1 == repository);
        }
    }

    /// <summary>Removes everything, and what is being read.</summary>
    public void Clear()
    {
        lock (_additions)
        {
            for (var index = 0; index < VersionCount; index++) _versions[index]++;
            _values.RemoveAll(static _ => true);
            _applied.RemoveAll(static _ => true);
        }
    }

    private static int Index(RepositoryName repository) => (int)((uint)repository.GetHashCode() % VersionCount);

    private sealed record Applied(LedgerPoint At);
}
