using GeoRegistry.Cli.Tests.Api;

namespace GeoRegistry.Cli.Tests.Regions;

public sealed class ResumeCommandTests
{
    private const string Report =
        """{ "region": "eu", "reason": "it has lost commits", "incarnation": "7f3a9c01", "topology": 2,"""
        + """ "recovered_ledgers": 3, "reached": ["us"], "unreachable": ["ap"] }""";

    [Fact]
    public async Task Resume_WithoutTheFlag_AsksNothingAndSaysWhatItWouldCost()
    {
        using var api = new ApiListener((200, Report));

        var run = await Cli.RunAsync("region", "resume", "eu", "--server", api.Address);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Empty(api.Requests);
        Assert.Contains("confirm with --accept-data-loss", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_WithTheFlag_SaysWhatWasBroughtBackAndWhoCouldNotBeAsked()
    {
        using var api = new ApiListener((200, Report));

        var run = await Cli.RunAsync("region", "resume", "eu", "--accept-data-loss", "--server", api.Address);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal("POST /api/v1/regions/eu/resume?accept-data-loss=true", Assert.Single(api.Requests));
        Assert.Equal(["eu resumed under the incarnation 7f3a9c01, with version 2 of the topology; 3 ledgers brought back"], run.Lines);
        Assert.Contains("commits that only they have are lost: ap", run.Error, StringComparison.Ordinal);
        Assert.Contains("copy it to them", run.Error, StringComparison.Ordinal);
    }
}
