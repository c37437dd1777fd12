using GeoRegistry.Regions.Control;
using GeoRegistry.TestKit;
using static GeoRegistry.Regions.Tests.Documents;

namespace GeoRegistry.Regions.Tests.Control;

public sealed class FileControlStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FileControlStore _store;

    public FileControlStoreTests() => _store = Open();

    private string File => _folder.Child("topology.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadAsync_NoFile_IsToldWithTheRemedy()
    {
        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => _store.ReadAsync());

        Assert.Contains($"There is no topology at {File}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_BrokenFile_TellsTheFileAndEveryFault()
    {
        await System.IO.File.WriteAllTextAsync(File, Of("0", homes: "[]"));
        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => _store.ReadAsync());

        Assert.Contains(File, fault.Message, StringComparison.Ordinal);
        Assert.Contains("\n  version is 0", fault.Message, StringComparison.Ordinal);
        Assert.Contains("\n  homes lacks", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryReplaceAsync_NoFile_WritesTheFirst()
    {
        Assert.False(await _store.TryReplaceAsync(1, Read(Of("2"))));
        Assert.True(await _store.TryReplaceAsync(0, Read(Of("1"))));

        Assert.Equal(1, (await _store.ReadAsync()).Version);
    }

    [Fact]
    public async Task TryReplaceAsync_AnotherVersionIsThere_ChangesNothing()
    {
        await _store.TryReplaceAsync(0, Read(Of("1")));
        await _store.TryReplaceAsync(1, Read(Of("2")));

        Assert.False(await _store.TryReplaceAsync(1, Read(Of("2", policies: """[{"prefix":"x","hydration":"lazy"}]"""))));
        Assert.Empty((await _store.ReadAsync()).Policies);
    }

    [Fact]
    public async Task TryReplaceAsync_NotTheNextVersion_IsABug() =>
        await Assert.ThrowsAsync<ArgumentException>(() => _store.TryReplaceAsync(1, Read(Of("3"))));

    [Fact]
    public async Task TryReplaceAsync_BrokenFile_IsNotOverwritten()
    {
        await System.IO.File.WriteAllTextAsync(File, "{");

        await Assert.ThrowsAsync<InvalidDataException>(() => _store.TryReplaceAsync(0, Read(Of("1"))));
        Assert.Equal("{", await System.IO.File.ReadAllTextAsync(File));
    }

    /// <summary>A process that ended between two lines leaves its draft and its lock's file; neither is in the way.</summary>
    [Fact]
    public async Task TryReplaceAsync_LeftoversOfAProcessThatEnded_AreOverwritten()
    {
        await System.IO.File.WriteAllTextAsync(File + ".next", "{ half");
        await System.IO.File.WriteAllTextAsync(File + ".lock", "");

        Assert.True(await _store.TryReplaceAsync(0, Read(Of("1"))));
        Assert.Equal(1, (await _store.ReadAsync()).Version);
    }

    [Fact]
    public async Task TryReplaceAsync_ManyAtOnce_OneWinsEachVersion()
    {
        const int Writers = 8, Versions = 10;
        var wins = new int[Versions + 1];
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            var store = Open();
            for (var version = 1; version <= Versions; version++)
            {
                if (await store.TryReplaceAsync(version - 1, Read(Of($"{version}")))) Interlocked.Increment(ref wins[version]);
            }
        }))).OrFail("all writers are done");

        Assert.All(Enumerable.Range(1, Versions), version => Assert.Equal(1, wins[version]));
        Assert.Equal(Versions, (await _store.ReadAsync()).Version);
    }

    private FileControlStore Open() => new(File, TimeProvider.System);
}
