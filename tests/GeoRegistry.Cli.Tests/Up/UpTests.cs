using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using GeoRegistry.Cli.Up;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cli.Tests.Up;

/// <summary><c>georegistry up</c> with real processes.</summary>
public sealed class UpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Up_ThreeRegions_PushThroughTheEntranceIsPulledFromEachAndAllEndWithIt()
    {
        await using var up = await UpProcess.StartAsync(_folder.Path, "--regions", "3", "--latency", "5ms");
        Assert.Equal(["ap", "eu", "us"], up.Regions.Keys.Order());
        using var http = new HttpClient();
        await Waiting.UntilAsync(
            "an answer of the entrance", async () => (await http.GetAsync(new Uri(up.Entrance, "/v2/"))).IsSuccessStatusCode);

        var manifest = await PushImageAsync(http, up.Entrance, "team/app");
        foreach (var region in up.Regions.Values)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(region, "/v2/team/app/manifests/1"));
            request.Headers.Accept.ParseAdd(MediaTypes.OciImageManifest);
            using var pulled = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, pulled.StatusCode);
            Assert.Equal(manifest, await pulled.Content.ReadAsByteArrayAsync());
        }

        var children = up.Children();
        Assert.Equal(4, children.Count);
        await up.SignalAsync("TERM");
        Assert.Equal(ExitCode.Done, await up.EndAsync());
        Assert.DoesNotContain(children, IsThere);
    }

    [Fact]
    public async Task Up_ARegionIsKilled_TheOthersGoOnAndItIsSaid()
    {
        await using var up = await UpProcess.StartAsync(_folder.Path, "--regions", "2");
        using var http = new HttpClient();
        var killed = up.Children()
            .Single(child => File.ReadAllText($"/proc/{child}/cmdline").Contains("\0--region\0us\0", StringComparison.Ordinal));

        await up.SignalAsync("KILL", killed);

        await Waiting.UntilAsync(
            "the line about the region that ended",
            () => Task.FromResult(up.Error.Contains("us exited with code 137; the others go on.", StringComparison.Ordinal)));
        for (var i = 0; i < 4; i++) Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(up.Entrance, "/v2/"))).StatusCode);
    }

    [Fact]
    public async Task Up_RepositoryIsKeptInOneRegion_IsPushedAndPulledThroughTheEntrance()
    {
        var folder = ClusterFolder.Prepare(_folder.Path, 3, out _)!;
        const string policies = "\"policies\": [";
        var topology = await File.ReadAllTextAsync(folder.TopologyFile);
        await File.WriteAllTextAsync(
            folder.TopologyFile,
            topology.Replace(policies, policies + """{ "prefix": "eu-only", "regions": ["eu"] }""", StringComparison.Ordinal));
        await using var up = await UpProcess.StartAsync(_folder.Path);
        using var http = new HttpClient();

        // Each push begins with another region's turn.
        for (var i = 0; i < 3; i++)
        {
            await PushImageAsync(http, up.Entrance, $"eu-only/app-{i}");
            using var pulled = await http.GetAsync(new Uri(up.Entrance, $"/v2/eu-only/app-{i}/manifests/1"));
            Assert.Equal(HttpStatusCode.OK, pulled.StatusCode);
            Assert.Equal("eu", Assert.Single(pulled.Headers.GetValues("GeoRegistry-Served-By")));
        }
    }

    [Fact]
    public async Task Up_LogsCannotBeWritten_RegionsGoOnAndItIsSaidOnceOfEach()
    {
        foreach (var name in new[] { "eu", "us", "entrance" }) File.CreateSymbolicLink(_folder.Child($"{name}.log"), "/dev/full");
        await using var up = await UpProcess.StartAsync(_folder.Path, "--regions", "2");
        using var http = new HttpClient();

        foreach (var name in new[] { "eu", "us", "entrance" })
            await Waiting.UntilAsync(
                $"the line about {name}.log",
                () => Task.FromResult(up.Error.Contains($"{name}.log cannot be written: No space left", StringComparison.Ordinal)));

        // Each says more, which is lost as well: the entrance of the region that ends, the other region of its peer.
        var killed = up.Children()
            .Single(child => File.ReadAllText($"/proc/{child}/cmdline").Contains("\0--region\0us\0", StringComparison.Ordinal));
        await up.SignalAsync("KILL", killed);
        await Waiting.UntilAsync(
            "the line about the region that ended",
            () => Task.FromResult(up.Error.Contains("us exited with code 137", StringComparison.Ordinal)));
        for (var i = 0; i < 4; i++) Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(up.Entrance, "/v2/"))).StatusCode);
        Assert.Equal(3, up.Error.Split("cannot be written").Length - 1);
    }

    [Fact]
    public async Task Up_AddressesCannotBeWritten_SaysTheEntranceAndGoesOn()
    {
        await using var up = await UpProcess.StartWithFullOutputAsync(_folder.Path);
        using var http = new HttpClient();

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(up.Entrance, "/v2/"))).StatusCode);
        Assert.Contains("The addresses could not be written (No space left on device", up.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_KilledItself_LeavesNoProcessBehind()
    {
        await using var up = await UpProcess.StartAsync(_folder.Path, "--regions", "2");
        var children = up.Children();
        Assert.Equal(3, children.Count);

        await up.SignalAsync("KILL");
        await up.EndAsync();

        await Waiting.UntilAsync("the end of all processes", () => Task.FromResult(!children.Any(IsThere)));
    }

    [Fact]
    public async Task Up_RegionCannotStart_SaysItsLastWordsAndEndsAll()
    {
        Directory.CreateDirectory(_folder.Child("cluster"));
        await File.WriteAllTextAsync(_folder.Child("cluster/us"), "a file in the place of the region's data");

        var (code, error) = await UpProcess.RunAsync("--data", _folder.Child("cluster"), "--listen",
            "http://127.0.0.1:0", "--regions", "2");

        Assert.Equal(ExitCode.Failed, code);
        Assert.Matches("(?s)us could not start \\(exit code 1\\).*GeoRegistry could not start", error);
    }

    [Fact]
    public async Task Up_EntrancePortIsTaken_SaysSoAndStartsNothing()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();

        var (code, error) = await UpProcess.RunAsync("--data", _folder.Child("cluster"), "--listen", $"http://{holder.LocalEndpoint}");

        Assert.Equal(ExitCode.Failed, code);
        Assert.StartsWith($"{holder.LocalEndpoint} is taken", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Child("cluster")));
    }

    private static async Task<byte[]> PushImageAsync(HttpClient http, Uri registry, string repository)
    {
        var config = Encoding.UTF8.GetBytes("{}");
        var digest = Digest.Of(config);
        using var blob = await http.PostAsync(new Uri(registry, $"/v2/{repository}/blobs/uploads/?digest={digest}"),
            new ByteArrayContent(config));
        Assert.Equal(HttpStatusCode.Created, blob.StatusCode);

        var manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciImageManifest}}",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{digest}}","size":{{config.Length}}},"layers":[]}
            """);
        var content = new ByteArrayContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypes.OciImageManifest);
        using var pushed = await http.PutAsync(new Uri(registry, $"/v2/{repository}/manifests/1"), content);
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        return manifest;
    }

    private static bool IsThere(int process) => Directory.Exists($"/proc/{process}");
}
