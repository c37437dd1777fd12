using GeoRegistry.Cli.Tests.Api;

namespace GeoRegistry.Cli.Tests.Repositories;

public sealed class WhereCommandTests
{
    private const string Whole = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Fact]
    public async Task Where_OfATag_ShowsWhatEachRegionHas()
    {
        using var api = new ApiListener((200, """
            { "repository": "team/app", "reference": "1.2", "home": "eu", "regions": [
              { "region": "eu", "state": "complete", "digest": "sha256:aa", "blobs": 5, "blobs_here": 5,
                "bytes": 2048, "bytes_here": 2048 },
              { "region": "us", "state": "partial", "digest": "sha256:aa", "blobs": 5, "blobs_here": 2,
                "bytes": 2048, "bytes_here": 1000 },
              { "region": "ap", "state": "unreachable", "blobs": 0, "blobs_here": 0, "bytes": 0, "bytes_here": 0 } ] }
            """));

        var run = await Cli.RunAsync("repo", "where", "team/app:1.2", "--server", api.Address);

        Assert.Equal("GET /api/v1/repositories/team/app/where?reference=1.2", Assert.Single(api.Requests));
        Assert.Equal(
            [
                "region home state digest blobs size",
                "eu home complete sha256:aa 5/5 2 KiB of 2 KiB",
                "us - partial sha256:aa 2/5 1000 B of 2 KiB",
                "ap - unreachable - - -",
            ],
            run.Lines);
    }

    [Fact]
    public async Task Where_UnknownInARepositoryNamedLikeAHost_HintsAtServer()
    {
        using var api = new ApiListener((200,
            """{ "repository": "registry.example.com/app", "reference": "1", "home": "eu","""
            + """ "regions": [ { "region": "eu", "state": "unknown" } ] }"""));

        var run = await Cli.RunAsync("repo", "where", "registry.example.com/app:1", "--server", api.Address);

        Assert.Contains("--server names the registry", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"team/app@{Whole}", $"team/app/where?reference=sha256%3Aaaa")]
    [InlineData("app:latest", "app/where?reference=latest")]
    public async Task Where_TagOrDigest_IsAskedFor(string image, string target)
    {
        using var api = new ApiListener((200, """{ "repository": "a", "reference": "b", "home": "eu", "regions": [] }"""));

        await Cli.RunAsync("repo", "where", image, "--server", api.Address);

        Assert.StartsWith($"GET /api/v1/repositories/{target}", Assert.Single(api.Requests), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:5000/team/app:1", "--server")]
    [InlineData("localhost:5000/team/app", "--server")]
    [InlineData("http://127.0.0.1/team/app:1", "--server")]
    [InlineData("team/app", "is not an image")]
    [InlineData("Team/app:1", "is not an image")]
    [InlineData("team/app:", "is not an image")]
    [InlineData("team/app@1", "is not an image")]
    [InlineData($"team/app:1@{Whole}", "--server")]
    public async Task Where_NoImage_IsAUsageErrorWithItsRemedy(string image, string said)
    {
        var run = await Cli.RunAsync("repo", "where", image);

        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
    }
}
