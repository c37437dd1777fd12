using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Repositories.Caching;

namespace GeoRegistry.Repositories.Tests.Caching;

public sealed class RepositoryCacheTests
{
    private static readonly RepositoryName Name = RepositoryName.Parse("library/sample");

    private readonly RepositoryCache<string> _cache = new(10_000, value => value.Length);

    [Fact]
    public void Add_NothingWrittenSince_IsFound()
    {
        _cache.Add(Name, "v1", "value", _cache.VersionOf(Name));

        Assert.True(_cache.TryGet(Name, "v1", out var value));
        Assert.Equal("value", value);
        Assert.False(_cache.TryGet(RepositoryName.Parse("other"), "v1", out _));
    }

    /// <summary>The reader looked before the write and adds after it: what it found may be old.</summary>
    [Fact]
    public void Add_RepositoryWrittenToSince_IsNotKept()
    {
        var version = _cache.VersionOf(Name);
        _cache.Apply(Name, [("v1", "new")], new LedgerPoint(1, 1));

        _cache.Add(Name, "v1", "old", version);
        _cache.Add(Name, "v2", "old", version);

        Assert.True(_cache.TryGet(Name, "v1", out var value) && value == "new");
        Assert.False(_cache.TryGet(Name, "v2", out _));
    }

    [Fact]
    public void Apply_NullForAReference_RemovesIt()
    {
        _cache.Apply(Name, [("v1", "one"), ("v2", "two")], new LedgerPoint(1, 1));

        _cache.Apply(Name, [("v1", null)], new LedgerPoint(1, 2));

        Assert.False(_cache.TryGet(Name, "v1", out _));
        Assert.True(_cache.TryGet(Name, "v2", out _));
    }

    /// <summary>Two writers of one repository: the later commit came to the cache first.</summary>
    [Fact]
    public void Apply_AfterALaterCommit_DoesNotBringBackWhatThatChanged()
    {
        _cache.Apply(Name, [("v1", "second")], new LedgerPoint(1, 2));
        _cache.Apply(Name, [("v2", null)], new LedgerPoint(1, 3));

        _cache.Apply(Name, [("v1", "first"), ("v2", "deleted since")], new LedgerPoint(1, 1));

        Assert.False(_cache.TryGet(Name, "v1", out _));
        Assert.False(_cache.TryGet(Name, "v2", out _));
    }

    [Fact]
    public void Apply_LaterEpochWithALowerNumber_IsTheLater()
    {
        _cache.Apply(Name, [("v1", "old")], new LedgerPoint(1, 9));

        _cache.Apply(Name, [("v1", "new")], new LedgerPoint(2, 5));

        Assert.True(_cache.TryGet(Name, "v1", out var value) && value == "new");
    }
}
