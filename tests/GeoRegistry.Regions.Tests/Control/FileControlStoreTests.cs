using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Topologies;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Regions.Tests.Documents;

namespace GeoRegistry.Regions.Tests.Control;

public sealed class FileControlStoreTests : ControlStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FileControlStore _store;

    public FileControlStoreTests() => _store = new FileControlStore(File, TimeProvider.System);

    private string File => _folder.Child("topology.json");

    public void Dispose() => _folder.Dispose();

    /// <summary>A person may write a version down twice: what counts is that the file is another.</summary>
    [Fact]
    public async Task WatchAsync_FileIsEditedUnderTheSameVersion_GivesIt()
    {
        await _store.TryReplaceAsync(0, SampleTopology.Of(1));
        await using var watch = _store.WatchAsync().GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());

        await System.IO.File.WriteAllBytesAsync(File, TopologyReader.Write(SampleTopology.Of(1, "edited")));

        Assert.True(await watch.MoveNextAsync().AsTask().OrFail("the edited topology"));
        Assert.Equal("edited", SampleTopology.MarkOf(watch.Current));
    }

    [Fact]
    public async Task ReadAsync_NoFile_IsToldWithItsPath()
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

    protected override IControlStore Open() => new FileControlStore(File, TimeProvider.System);
}
