using GeoRegistry.Cli.Tests.Api;

namespace GeoRegistry.Cli.Tests.Receipts;

public sealed class WaitCommandTests
{
    [Fact]
    public async Task Wait_CompleteWhereItMayBe_IsDone()
    {
        using var api = new ApiListener((200, Receipt("complete", "excluded")));

        var run = await Cli.RunAsync("receipt", "wait", "eu-12", "--server", api.Address);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal(["receipt region state", "eu-12 us complete", "eu-12 ap excluded"], run.Lines);
        Assert.Matches("^GET /api/v1/receipts/eu-12\\?wait=[0-9]+ms$", Assert.Single(api.Requests));
    }

    [Fact]
    public async Task Wait_AnsweredBeforeItIsComplete_AsksAgain()
    {
        using var api = new ApiListener((200, Receipt("complete", "unreachable")), (200, Receipt("complete", "complete")));

        var run = await Cli.RunAsync("receipt", "wait", "eu-12", "--server", api.Address);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task Wait_NotInTime_IsNotCompleteAndSaysWhere()
    {
        using var api = new ApiListener((200, Receipt("complete", "pending")));

        var run = await Cli.RunAsync("receipt", "wait", "eu-12", "--timeout", "0s", "--server", api.Address);

        Assert.Equal(ExitCode.NotComplete, run.ExitCode);
        Assert.Equal("Not complete: ap is pending.", run.Error.TrimEnd());
    }

    [Fact]
    public async Task Wait_ForARegionThatIsExcluded_IsNotComplete()
    {
        using var api = new ApiListener((200, """{ "receipt": "eu-12", "regions": [ { "region": "ap", "state": "excluded" } ] }"""));

        var run = await Cli.RunAsync("receipt", "wait", "eu-12", "--region", "ap", "--server", api.Address);

        Assert.Equal(ExitCode.NotComplete, run.ExitCode);
    }

    [Fact]
    public async Task Wait_NoReceipt_Fails()
    {
        using var api = new ApiListener((404, """{"errors":[{"code":"UNSUPPORTED","message":"'x' is not a receipt.","detail":{}}]}"""));

        Assert.Equal(ExitCode.Failed, (await Cli.RunAsync("receipt", "wait", "x", "--server", api.Address)).ExitCode);
    }

    private static string Receipt(string us, string ap) =>
        $$"""{ "receipt": "eu-12", "regions": [ { "region": "us", "state": "{{us}}" }, { "region": "ap", "state": "{{ap}}" } ] }""";
}
