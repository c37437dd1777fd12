using System.Collections.Concurrent;
using System.Text;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using Microsoft.Extensions.Time.Testing;

namespace GeoRegistry.Storage.Azure.Tests;

/// <summary>
/// Copies that the service goes on with after its answer, and that fail. Azurite has none of these, so its answers are changed on their
/// way.
/// </summary>
[Collection(AzuriteCollection.Name)]
public sealed class CopyStateTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly SampleBlob Blob = SampleBlob.Of("content");

    private readonly CopyStates _states = new();
    private readonly FakeTimeProvider _clock = new();
    private AzureBlobStore _store = null!;

    public async Task InitializeAsync()
    {
        var container = await azurite.CreateContainerAsync();
        _store = new AzureBlobStore(
            AzuriteFixture.ClientOf(azurite.Azurite.ConnectionString, container, new CopyStateHandler(_states)), _clock);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData("pending")]
    [InlineData("failed")]
    [InlineData("aborted")]
    public async Task Reads_OfABlobWhoseCopyHasNotSucceeded_FindNone(string state)
    {
        await PutAsync("upload");
        _states.Of[BlobKeys.Blob(Blob.Digest)] = state;

        Assert.Null(await _store.FindAsync(Blob.Digest));
        Assert.Empty(await _store.StatManyAsync([Blob.Digest]));
        Assert.Null(await _store.OpenAsync(Blob.Digest));
        Assert.Empty(await _store.ListAsync().ToListAsync());
        Assert.False(await _store.TouchAsync(Blob.Digest));
        Assert.False(await _store.DeleteAsync(Blob.Digest));
        _states.Of.Clear();
        Assert.Single(await _store.ListAsync().ToListAsync());
    }

    /// <summary>It was opened before it was deleted, and is about to be stored anew.</summary>
    [Fact]
    public async Task OpenRangeAsync_BlobIsBeingStoredAnew_IsSaidToBeGone()
    {
        await PutAsync("upload");
        await using var reader = await _store.OpenAsync(Blob.Digest);
        _states.Of[BlobKeys.Blob(Blob.Digest)] = "pending";

        await Assert.ThrowsAsync<FileNotFoundException>(() => reader!.OpenRangeAsync(0, 5).AsTask());
    }

    [Fact]
    public async Task CommitAsync_CopyIsPending_EndsWithIt()
    {
        _states.Of[BlobKeys.Blob(Blob.Digest)] = "pending";
        var commit = PutAsync("upload");
        await Waiting.UntilAsync("two looks at the copy", () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(_states.Looks >= 2);
        });
        Assert.False(commit.IsCompleted);

        _states.Of.Clear();
        await Waiting.UntilAsync("the commit", () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(commit.IsCompleted);
        });

        await commit;
        Assert.Equal(Blob.SizeBytes, await _store.FindAsync(Blob.Digest));
    }

    /// <summary>What is left of it would keep the blob from ever being stored.</summary>
    [Theory]
    [InlineData("failed")]
    [InlineData("aborted")]
    public async Task CommitAsync_AnEarlierCopyFailed_RemovesItAndStoresTheBlob(string state)
    {
        await PutAsync("first");
        _states.Of[BlobKeys.Blob(Blob.Digest)] = state;
        _states.ForgetsAtDelete = true;

        await PutAsync("second");

        Assert.Equal(Blob.SizeBytes, await _store.FindAsync(Blob.Digest));
        Assert.Empty(_states.Of);
        Assert.Empty(await _store.ListUploadsAsync().ToListAsync());
    }

    private async Task PutAsync(string key)
    {
        await using var upload = await _store.BeginUploadAsync(key);
        await upload.AppendAsync(Blob.Content);
        await upload.CommitAsync(Blob.Digest);
    }

    private sealed class CopyStates
    {
        private int _looks;

        public ConcurrentDictionary<string, string> Of { get; } = new();

        public bool ForgetsAtDelete { get; set; }

        public int Looks => Volatile.Read(ref _looks);

        public void Look() => Interlocked.Increment(ref _looks);
    }

    private sealed class CopyStateHandler(CopyStates states) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            foreach (var (name, state) in states.Of)
            {
                var target = request.RequestUri!;
                if (target.AbsolutePath.EndsWith(name, StringComparison.Ordinal)) Change(request, answer, name, state);
                else if (target.Query.Contains("comp=list", StringComparison.Ordinal)) await ChangeListAsync(answer, state);
            }

            return answer;
        }

        private void Change(HttpRequestMessage request, HttpResponseMessage answer, string name, string state)
        {
            if (request.Method == HttpMethod.Head) states.Look();
            if (request.Method == HttpMethod.Delete && states.ForgetsAtDelete) states.Of.TryRemove(name, out _);
            else if (answer.Headers.Remove("x-ms-copy-status")) answer.Headers.Add("x-ms-copy-status", state);
        }

        private static async Task ChangeListAsync(HttpResponseMessage answer, string state)
        {
            var list = await answer.Content.ReadAsStringAsync();
            answer.Content = new StringContent(
                list.Replace("<CopyStatus>success</CopyStatus>", $"<CopyStatus>{state}</CopyStatus>", StringComparison.Ordinal),
                Encoding.UTF8,
                "application/xml");
        }
    }
}
