using System.Text.Json;
using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;
using GeoRegistry.Benchmarks.Peers;
using GeoRegistry.Benchmarks.Reports;

namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>A page of 100 tags of a repository that has 100,000, at the start or in the middle.</summary>
internal sealed class TagListPage(ScenarioContext context, bool inTheMiddle) : IScenario
{
    private const string Repository = "bench/app";
    private const int Tags = 100_000;
    private const int PageSize = 100;
    private const int Threads = 1;
    private const int Connections = 4;
    private readonly Image _image = Image.Create(seed: 4, layers: 1, layerSizeBytes: 1024);

    public string Name => inTheMiddle ? "tags-middle" : "tags-start";

    public string Title => $"100 of 100,000 tags, {(inTheMiddle ? "in the middle" : "at the start")}, c=4";

    public Work Work => Work.Requests;

    public bool ServesFiles => false;

    public IReadOnlyList<Target> Targets => [];

    public string Note => "docker-registry before version 3 has no pages: it reads and answers all tags, whatever n is.";

    private string Path => $"/v2/{Repository}/tags/list?n={PageSize}{(inTheMiddle ? $"&last={TagOf(Tags / 2 - 1)}" : "")}";

    public void Prepare(IPeer peer)
    {
        peer.SeedImage(Repository, TagOf(0), _image);
        peer.SeedTags(Repository, _image, [.. Enumerable.Range(0, Tags).Select(TagOf)]);
        Check(peer);
        Run(peer, context.Options.WarmUpTime);
    }

    public Measurement Measure(IPeer peer, int round) => Measurement.Take(peer, () => Run(peer, context.Options.RoundTime));

    private static string TagOf(int number) => $"v{number:D6}";

    private void Check(IPeer peer)
    {
        using var connection = new HttpConnection(peer.Address);
        var (answer, body) = connection.Get(Path);
        if (answer.Status != 200) throw new IOException($"GET {Path} answered {answer.Status}.");
        using var page = JsonDocument.Parse(body);
        var tags = page.RootElement.GetProperty("tags");
        var first = tags[0].GetString();
        Console.Error.WriteLine($"    {peer.Name} answers n={PageSize} with {tags.GetArrayLength():N0} tags from {first}");
        if (tags.GetArrayLength() == PageSize && first != TagOf(inTheMiddle ? Tags / 2 : 0))
            throw new IOException("The page is not the one asked for.");
    }

    private Load Run(IPeer peer, TimeSpan time) =>
        Wrk.Get(peer.Address, Path, time, Threads, Connections, context.CancellationToken);
}
