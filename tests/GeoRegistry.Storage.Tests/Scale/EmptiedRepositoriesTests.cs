using System.Diagnostics;
using GeoRegistry.Storage.Tests.Sqlite;
using GeoRegistry.TestKit.Stores;
using Xunit.Abstractions;

namespace GeoRegistry.Storage.Tests.Scale;

/// <summary>The catalog skips emptied repositories at the cost of a look into an index each.</summary>
public sealed class EmptiedRepositoriesTests(ITestOutputHelper output)
{
    private const int Emptied = 10_000, Rounds = 21;

    /// <summary>Half of what a person notices, and some ten times what it takes where nothing else runs.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task ListRepositoriesAsync_BehindTenThousandEmptiedNeighbours_TakesMilliseconds()
    {
        await using var fixture = new SqliteStoreFixture();
        foreach (var name in new[] { "a", "z" }) await new SampleLedger(() => fixture.Store, name).PutAsync(SampleManifests.Image("a"));
        fixture.Execute(
            $"""
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {Emptied})
            INSERT INTO ledgers (kind, name, epoch, number, checksum) SELECT 1, printf('emptied/r%09d', i), 1, 2, zeroblob(32) FROM n;
            """);

        var times = new List<TimeSpan>();
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Equal(["a", "z"], (await fixture.Store.ListRepositoriesAsync(null, 2)).Select(name => name.ToString()));
            times.Add(Stopwatch.GetElapsedTime(start));
        }

        // The shortest says what the catalog takes; what the others take longer is the machine's other work.
        times.Sort();
        output.WriteLine(
            $"{Emptied} emptied repositories are skipped in {times[0].TotalMilliseconds:f2} ms, the shortest of {Rounds}; "
                + $"the median is {times[Rounds / 2].TotalMilliseconds:f2} ms");
        Assert.InRange(times[0], TimeSpan.Zero, Limit);
    }
}
