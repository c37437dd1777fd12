using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Tests.Files;
using GeoRegistry.Storage.Tests.Sqlite;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Tests;

/// <summary>The embedded stores' calls are spans of the trace that they are made in, and named as their ports' methods.</summary>
public sealed class MeasuredStoresTests
{
    [Fact]
    public async Task Sqlite_ReadsAndWritesOfARequest_AreSpansOfItsTrace()
    {
        await using var fixture = new SqliteStoreFixture();
        var repository = RepositoryName.Parse("team/app");
        using var heard = new HeardCalls();

        await fixture.Tables.LinkBlobAsync(repository, SampleBlob.Of("blob").Digest, 4);
        await fixture.Tables.FindTagAsync(repository, Tag.Parse("1"));
        await fixture.Hydration.IsAwaitedAsync(SampleBlob.Of("blob").Digest);
        await fixture.Replicas.RemoveLedgerAsync(LedgerId.Of(repository));

        Assert.Equal(
            ["sqlite LinkBlob", "sqlite FindTag", "sqlite IsAwaited", "sqlite RemoveLedger"],
            heard.Spans.Select(span => span.OperationName));
        Assert.All(heard.Spans, span => Assert.Equal(heard.Trace.SpanId, span.ParentSpanId));
        Assert.Contains(
            heard.DurationsOf("db.client.operation.duration"),
            tags => "sqlite".Equals(tags["db.system.name"]) && "LinkBlob".Equals(tags["db.operation.name"]));
    }

    [Fact]
    public async Task Blobs_StoredAndRead_AreSpansAndDurations()
    {
        await using var fixture = new FileBlobStoreFixture();
        var store = new MeasuredBlobStore(fixture.Store, "files");
        var blob = SampleBlob.Of("content");
        using var heard = new HeardCalls();

        await using (var upload = await store.BeginUploadAsync("upload"))
        {
            await upload.AppendAsync(blob.Content);
            await upload.CommitAsync(blob.Digest);
        }

        await using (var reader = await store.OpenAsync(blob.Digest)) await (await reader!.OpenRangeAsync(0, 1)).DisposeAsync();

        Assert.Equal(
            ["blobs BeginUpload", "blobs CommitUpload", "blobs Open", "blobs OpenRange"],
            heard.Spans.Select(span => span.OperationName));
        Assert.Contains(
            heard.DurationsOf("georegistry.blob_store.operation.duration"),
            tags => "files".Equals(tags["store"]) && "AppendUpload".Equals(tags["operation"]));
    }
}

/// <summary>What is measured keeps the promises of what it measures.</summary>
public sealed class MeasuredBlobStoreContractTests : BlobStoreContract, IDisposable
{
    private readonly HeardCalls _heard = new();

    public void Dispose() => _heard.Dispose();

    protected override Task<BlobStoreFixture> OpenAsync() =>
        Task.FromResult<BlobStoreFixture>(new FileBlobStoreFixture(isMeasured: true));
}
