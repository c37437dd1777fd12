using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Concurrency;

/// <summary>Preconditions make a tag change atomic among clients (RFC 9110 §13.1.1, §13.1.2).</summary>
public sealed class ConditionalPushTests
{
    private const int Counters = 8, CountsOfEach = 10;

    private static readonly SeededBlob Config = new(1, 100);

    [Fact]
    public async Task NewTag_PushedBy16WithIfNoneMatch_OneWinsAndTheOthersLearnWho()
    {
        const int clients = 16;
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        await client.PushBlobAsync(Config.ToBytes());

        var manifests = Enumerable.Range(0, clients).Select(number => ManifestOf($"{number}")).ToList();
        var answers = await Task.WhenAll(manifests.Select(manifest => client.PutManifestAsync(
            "release", manifest, condition: headers => headers.IfNoneMatch.Add(EntityTagHeaderValue.Any))));

        var winner = Assert.Single(manifests.Zip(answers), pair => pair.Second.Status == HttpStatusCode.Created).First;
        var losers = answers.Where(answer => answer.Status == HttpStatusCode.PreconditionFailed).ToList();
        Assert.Equal(clients - 1, losers.Count);
        Assert.All(
            losers,
            loser => Assert.Equal($"{Digest.Of(winner)}", loser.FirstError.GetProperty("detail").GetProperty("digest").GetString()));
        Assert.Equal(winner, (await client.GetManifestAsync("release")).Expect(HttpStatusCode.OK).Body);
        foreach (var (manifest, answer) in manifests.Zip(answers))
        {
            var stored = await client.GetManifestAsync($"{Digest.Of(manifest)}");
            stored.Expect(answer.Status == HttpStatusCode.Created ? HttpStatusCode.OK : HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task Counter_CountedBy8WithIfMatch_LosesNoUpdate()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path);
        using var http = server.CreateClient();
        var client = new RepositoryClient(http, "team/app");
        await client.PushBlobAsync(Config.ToBytes());
        (await client.PutManifestAsync("counter", ManifestOf("0 by nobody"))).Expect(HttpStatusCode.Created);

        await Task.WhenAll(Enumerable.Range(0, Counters).Select(async number =>
        {
            for (var round = 0; round < CountsOfEach; round++) await CountAsync(client, number);
        }));

        Assert.Equal(Counters * CountsOfEach, CountOf((await client.GetManifestAsync("counter")).Expect(HttpStatusCode.OK)));
    }

    // Each lost race is another client's success, of which there are so many.
    private static async Task CountAsync(RepositoryClient client, int number)
    {
        for (var attempt = 0; attempt < Counters * CountsOfEach; attempt++)
        {
            var current = (await client.GetManifestAsync("counter")).Expect(HttpStatusCode.OK);
            var next = ManifestOf($"{CountOf(current) + 1} by {number}");
            var answer = await client.PutManifestAsync(
                "counter", next, condition: headers => headers.IfMatch.Add(new EntityTagHeaderValue($"\"{current.Digest}\"")));
            if (answer.Status == HttpStatusCode.Created) return;
            answer.Expect(HttpStatusCode.PreconditionFailed);
        }

        Assert.Fail($"Client {number} was refused more often than others were successful.");
    }

    private static int CountOf(Answer manifest) =>
        int.Parse(ImageManifest.NoteOf(manifest.Body).Split(' ')[0], CultureInfo.InvariantCulture);

    private static byte[] ManifestOf(string note) => ImageManifest.Of(note, (Config.Digest, Config.SizeBytes));
}
