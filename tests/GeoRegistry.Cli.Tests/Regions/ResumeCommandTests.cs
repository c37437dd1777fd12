using GeoRegistry.Cli.Tests.Api;

namespace GeoRegistry.Cli.Tests.Regions;

public sealed class ResumeCommandTests
{
    private const string Report =
        """{ "region": "eu", "reason": "it has lost commits", "incarnation": "7f3a9c01", "topology": 2,"""
        + """ "recovered_ledgers": 3, "reached": ["us"], "unreachable": ["ap"],"""
        + """ "not_recovered": [{ "repository": "team/app", "region": "us", "reason": "It is damaged there." }] }""";

    [Fact]
    public async Task Resume_WithoutTheFlag_AcceptsNoLossAndSaysWhatIsMissing()
    {
        using var api = new ApiListener((503, """{ "errors": [{ "code": "UNAVAILABLE", "message": "Unreachable: ap." }] }"""));

        var run = await Cli.RunAsync("region", "resume", "eu", "--server", api.Address);

        Assert.NotEqual(ExitCode.Done, run.ExitCode);
        Assert.Equal("POST /api/v1/regions/eu/resume", Assert.Single(api.Requests));
        Assert.Contains("Unreachable: ap.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_WithTheFlag_SaysWhatWasRecoveredAndWhoCouldNotBeAsked()
    {
        using var api = new ApiListener((200, Report));

        var run = await Cli.RunAsync("region", "resume", "eu", "--accept-data-loss", "--server", api.Address);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal("POST /api/v1/regions/eu/resume?accept-data-loss=true", Assert.Single(api.Requests));
        Assert.Equal(["eu resumed under the incarnation 7f3a9c01, with version 2 of the topology; 3 ledgers recovered"], run.Lines);
        Assert.Contains("commits that only they have are lost: ap", run.Error, StringComparison.Ordinal);
        Assert.Contains("the version that us has is lost: team/app (It is damaged there.)", run.Error, StringComparison.Ordinal);
        Assert.Contains("copy it to them", run.Error, StringComparison.Ordinal);
    }
}
