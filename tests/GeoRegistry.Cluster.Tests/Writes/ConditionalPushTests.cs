using System.Net;
using System.Text.Json;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Writes;

/// <summary>A condition on a tag holds for the whole world.</summary>
[Collection(SharedRegions.Collection)]
public sealed class ConditionalPushTests(SharedRegions shared, ITestOutputHelper output)
{
    private static readonly int Rounds = LongTests.AreOn ? 30 : 5;

    [Theory]
    [InlineData("conditional/create")]
    [InlineData("us-team/create")]
    public async Task Create_FromAllRegionsAtOnce_OneWins(string repository)
    {
        var random = Seeds.Next(output);
        await RaceAsync(repository, random, (client, tag, image) =>
            client.PutManifestAsync(repository, tag, image, headers => headers.IfAbsent()));
    }

    [Fact]
    public async Task Move_FromAllRegionsAtOnce_OneWins()
    {
        var random = Seeds.Next(output);
        const string Repository = "ap-team/move";
        var current = TestImage.Next(random, 100);
        for (var round = 0; round < Rounds; round++) await shared.Eu.Client.PushAsync(Repository, $"{round}", current);
        await RaceAsync(Repository, random, (client, tag, image) =>
            client.PutManifestAsync(Repository, tag, image, headers => headers.IfIs(current.Digest)));
    }

    private async Task RaceAsync(string repository, Random random, Func<RegionClient, string, TestImage, Task<Answer>> push)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var tag = $"{round}";
            var rivals = shared.Cluster.Regions.Select(region => (region.Client, Image: TestImage.Next(random, 200))).ToList();
            foreach (var (client, image) in rivals) await client.PushAsync(repository, null, image);

            var answers = await Task.WhenAll(rivals.Select(rival => push(rival.Client, tag, rival.Image)));

            var winner = rivals[Array.FindIndex(answers, answer => answer.Status == HttpStatusCode.Created)].Image;
            foreach (var lost in answers.Where(answer => answer.Status != HttpStatusCode.Created))
            {
                lost.Expect(HttpStatusCode.PreconditionFailed);
                Assert.Equal(
                    winner.Digest,
                    JsonDocument.Parse(lost.Text).RootElement
                        .GetProperty("errors")[0].GetProperty("detail").GetProperty("digest").GetString());
            }

            Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
            foreach (var (client, _) in rivals) await client.PullExactlyAsync(repository, tag, winner);
        }
    }
}
