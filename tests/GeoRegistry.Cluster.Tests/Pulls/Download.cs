using System.Security.Cryptography;
using GeoRegistry.Cluster.Tests.Load;

namespace GeoRegistry.Cluster.Tests.Pulls;

/// <summary>A pull of a blob that says how far it is, and can be left.</summary>
internal sealed class Download
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _left = new();
    private readonly List<(long Bytes, TaskCompletionSource Reached)> _awaited = [];
    private long _bytes;

    public Download(HttpClient http, string repository, Blob blob) => Completed = Task.Run(() => RunAsync(http, repository, blob));

    /// <summary>Ends when all bytes have come and have the digest.</summary>
    public Task Completed { get; }

    public Task ReachedAsync(long bytes)
    {
        lock (_lock)
        {
            if (_bytes >= bytes) return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((bytes, reached));
            return Task.WhenAny(reached.Task, Completed).Unwrap();
        }
    }

    /// <summary>Closes the connection.</summary>
    public void Leave() => _left.Cancel();

    private async Task RunAsync(HttpClient http, string repository, Blob blob)
    {
        using var response = await http.GetAsync($"/v2/{repository}/blobs/{blob.Digest}",
            HttpCompletionOption.ResponseHeadersRead, _left.Token);
        response.EnsureSuccessStatusCode();
        await using var content = await response.Content.ReadAsStreamAsync(_left.Token);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        while (await content.ReadAsync(buffer, _left.Token) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            Add(read);
        }

        Assert.Equal(blob.Digest, $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}");
    }

    private void Add(int bytes)
    {
        lock (_lock)
        {
            _bytes += bytes;
            foreach (var (at, reached) in _awaited) if (_bytes >= at) reached.TrySetResult();
        }
    }
}
