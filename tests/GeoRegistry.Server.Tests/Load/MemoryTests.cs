using System.Net;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Server.Tests.Load;

/// <summary>Nothing is buffered whole: memory does not follow the size or number of transfers.</summary>
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const long LimitMiB = 200;

    private static readonly int TransfersEach = LongTests.AreOn ? 32 : 12;
    private static readonly long SizeBytes = (LongTests.AreOn ? 100L : 32L) * 1024 * 1024;

    [Fact]
    public async Task ParallelTransfersOfLargeBlobs_KeepTheServerUnder200MiB()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        http.Timeout = TimeSpan.FromMinutes(10);
        var client = new RepositoryClient(http, "team/app");
        var pulled = new StreamedBlob(-1, SizeBytes);
        (await client.PushBlobAsync(pulled.Digest, pulled.ToContent())).Expect(HttpStatusCode.Created);
        var atRest = ProcessMemory.PeakMiB(server.Id);
        var pushed = Enumerable.Range(0, TransfersEach).Select(number => new StreamedBlob(number, SizeBytes)).ToList();

        var pulls = Enumerable.Range(0, TransfersEach).Select(_ => PullAsync(http, client.BlobPath(pulled.Digest)));
        var pushes = pushed.Select(blob => client.PushBlobAsync(blob.Digest, blob.ToContent()));
        var digests = Task.WhenAll(pulls);
        var answers = await Task.WhenAll(pushes);

        Assert.All(answers, answer => answer.Expect(HttpStatusCode.Created));
        Assert.All(await digests, digest => Assert.Equal(pulled.Digest, digest));
        Assert.Equal(pushed[^1].Digest, await PullAsync(http, client.BlobPath(pushed[^1].Digest)));
        var peak = ProcessMemory.PeakMiB(server.Id);
        output.WriteLine(
            $"{2 * TransfersEach} transfers of {SizeBytes / 1024 / 1024} MiB: VmHWM {peak} MiB, {atRest} MiB after the first");
        Assert.InRange(peak, 1, LimitMiB);
    }

    private static async Task<Protocol.Digest> PullAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var body = await response.Content.ReadAsStreamAsync();
        return await StreamedBlob.ReadAsync(body);
    }
}
