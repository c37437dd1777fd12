using System.IO.Pipelines;
using GeoRegistry.Ledgers;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Feeds;

public sealed class FeedServerTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Pipe _output = new();
    private readonly SqliteMetadataStore _store;
    private readonly SampleLedger _ledger;
    private readonly FeedServer _feeds;

    public FeedServerTests()
    {
        _store = new SqliteMetadataStore(_folder.Child("metadata.db"), Eu);
        _ledger = new SampleLedger(() => _store, "team/app");
        _feeds = new FeedServer(Map(Eu), _store);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Its reader would take commits of the new incarnation for some of the one that it follows.</summary>
    [Fact]
    public async Task WriteAsync_AnotherIncarnationBegins_EndsBeforeItsFirstCommit()
    {
        await _ledger.TagAsync(SampleBlob.Of("a").Digest, "v1");
        var writing = _feeds.WriteAsync(Us, await PositionAsync(0), _output.Writer, default);
        var first = await _output.Reader.ReadAsync().AsTask().OrFail("the first commit");
        _output.Reader.AdvanceTo(first.Buffer.End);

        await _store.BeginIncarnationAsync();
        await _ledger.TagAsync(SampleBlob.Of("b").Digest, "v2");

        await writing.OrFail("the end of the feed");
        Assert.False(_output.Reader.TryRead(out _));
    }

    /// <summary>Its reader would miss what was pruned.</summary>
    [Fact]
    public async Task WriteAsync_CommitsAfterThePositionArePruned_EndsBeforeTheNext()
    {
        for (var i = 1; i <= 3; i++) await _ledger.TagAsync(SampleBlob.Of($"{i}").Digest, "v1");
        await _store.PruneFeedAsync(Eu, keep: 1, limit: 100);

        await _feeds.WriteAsync(Us, await PositionAsync(1), _output.Writer, default).OrFail("the end of the feed");

        Assert.False(_output.Reader.TryRead(out _));
    }

    private async Task<FeedPosition> PositionAsync(long number) => (await _store.ReadFeedExtentAsync(Eu)).At(Eu, number);
}
