using System.Net;
using System.Security.Cryptography;
using GeoRegistry.Balancer.Tests.Processes;
using GeoRegistry.Protocol;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>Large bodies through the entrance to a real server and back.</summary>
public sealed class TransferTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Blob_OfHalfAGibibyte_PassesUpAndDownInLittleMemory()
    {
        const int sizeMiB = 512;
        await using var regions = await RegionsBehindEntrance.StartAsync("eu");
        var piece = RandomNumberGenerator.GetBytes(MiB);
        var digest = DigestOf(piece, sizeMiB);

        var location = await BeginUploadAsync(regions.Client);
        using var pushed = await regions.Client.PutAsync($"{location}?digest={digest}", new RepeatedContent(piece, sizeMiB));
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        Assert.StartsWith("/v2/", pushed.Headers.Location!.OriginalString, StringComparison.Ordinal);

        using var pulled = await regions.Client.GetAsync($"/v2/team/app/blobs/{digest}", HttpCompletionOption.ResponseHeadersRead);
        using var body = await pulled.Content.ReadAsStreamAsync();
        Assert.Equal(digest.ToHash(), await SHA256.HashDataAsync(body));
        Assert.InRange(regions.Entrance.PeakMemoryBytes, 0, 200L * MiB);
    }

    [Fact]
    public async Task Upload_Location_IsRelative()
    {
        await using var regions = await RegionsBehindEntrance.StartAsync("eu");

        Assert.StartsWith("/v2/team/app/blobs/uploads/", await BeginUploadAsync(regions.Client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_WhileABlobIsPulled_LetsItEnd()
    {
        const int sizeMiB = 64;
        await using var regions = await RegionsBehindEntrance.StartAsync("eu");
        var piece = RandomNumberGenerator.GetBytes(MiB);
        var digest = DigestOf(piece, sizeMiB);
        var location = await BeginUploadAsync(regions.Client);
        using var pushed = await regions.Client.PutAsync($"{location}?digest={digest}", new RepeatedContent(piece, sizeMiB));

        using var pulled = await regions.Client.GetAsync($"/v2/team/app/blobs/{digest}", HttpCompletionOption.ResponseHeadersRead);
        using var body = await pulled.Content.ReadAsStreamAsync();
        await regions.Entrance.TerminateAsync();

        Assert.Equal(digest.ToHash(), await SHA256.HashDataAsync(body));
        Assert.Equal(0, await regions.Entrance.EndAsync());
    }

    private static async Task<string> BeginUploadAsync(HttpClient http)
    {
        using var begun = await http.PostAsync("/v2/team/app/blobs/uploads/", null);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        return begun.Headers.Location!.OriginalString;
    }

    private static Digest DigestOf(byte[] piece, int times)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < times; i++) hash.AppendData(piece);
        return Digest.FromHash(DigestAlgorithm.Sha256, hash.GetHashAndReset());
    }

    /// <summary>A body of one piece many times, which is never held whole.</summary>
    private sealed class RepeatedContent(byte[] piece, int times) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var i = 0; i < times; i++) await stream.WriteAsync(piece);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = (long)piece.Length * times;
            return true;
        }
    }
}
