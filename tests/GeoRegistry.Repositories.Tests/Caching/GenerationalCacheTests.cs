using GeoRegistry.Repositories.Caching;
using GeoRegistry.TestKit;

namespace GeoRegistry.Repositories.Tests.Caching;

public sealed class GenerationalCacheTests
{
    private const long Budget = 1000;

    private readonly GenerationalCache<int, byte[]> _cache = new(Budget, value => value.Length);

    [Fact]
    public void TryGet_SetReplacedAndRemoved_FindsTheLastValue()
    {
        Assert.False(_cache.TryGet(1, out _));
        var (first, second) = (new byte[10], new byte[20]);

        _cache.Set(1, first);
        Assert.True(_cache.TryGet(1, out var found) && ReferenceEquals(first, found));

        _cache.Set(1, second);
        Assert.True(_cache.TryGet(1, out found) && ReferenceEquals(second, found));

        _cache.Set(1, null);
        Assert.False(_cache.TryGet(1, out _));
    }

    [Fact]
    public void Set_MoreThanTheBudget_ForgetsTheOldest()
    {
        for (var key = 0; key < 100; key++) _cache.Set(key, new byte[100]);

        Assert.True(_cache.TryGet(99, out _));
        Assert.False(_cache.TryGet(0, out _));
        Assert.InRange(HeldBytes(100), 100, Budget);
    }

    [Fact]
    public void Set_ValuesOfAllSizesUpToHalfTheBudget_NeverHoldsMoreThanTheBudget()
    {
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            _cache.Set(random.Next(40), random.Next(10) == 0 ? null : new byte[random.Next(1, (int)(Budget / 2))]);
            if (random.Next(3) == 0) _cache.TryGet(random.Next(40), out _);
            if (i % 20 == 0) Assert.InRange(HeldBytes(40), 0, Budget);
        }
    }

    /// <summary>A value that does not fit is not kept: the budget is what all of it may take.</summary>
    [Theory]
    [InlineData(600)]
    [InlineData(1001)]
    [InlineData(50_000)]
    public void Set_ValueThatFitsBadlyOrNotAtAll_NeverHoldsMoreThanTheBudget(int sizeBytes)
    {
        for (var key = 0; key < 4; key++) _cache.Set(key, new byte[sizeBytes]);

        Assert.InRange(HeldBytes(4), 0, Budget);
    }

    [Fact]
    public void TryGet_EntryUsedOften_OutlivesUnusedOnes()
    {
        _cache.Set(-1, new byte[10]);
        for (var key = 0; key < 200; key++)
        {
            _cache.Set(key, new byte[50]);
            Assert.True(_cache.TryGet(-1, out _), $"lost at {key}");
        }
    }

    [Fact]
    public void Set_RemovedFromTheOlderGeneration_IsGone()
    {
        _cache.Set(-1, new byte[400]);
        _cache.Set(-2, new byte[400]);

        _cache.Set(-1, null);

        Assert.False(_cache.TryGet(-1, out _));
    }

    [Fact]
    public async Task GetOrAdd_ManyAtOnce_AllGetTheSame()
    {
        var made = 0;

        var values = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => _cache.GetOrAdd(5, _ =>
        {
            Interlocked.Increment(ref made);
            return new byte[1];
        })))).OrFail("the last caller");

        Assert.Equal(1, made);
        Assert.Single(values.Distinct());
    }

    /// <summary>The bytes of all values that can be found. Finding one adds none, so this is never more than what was held.</summary>
    private long HeldBytes(int keys) => Enumerable.Range(0, keys).Sum(key => _cache.TryGet(key, out var value) ? value.Length : 0L);
}
