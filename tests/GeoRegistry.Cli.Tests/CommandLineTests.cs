using GeoRegistry.Cli.Tests.Api;

namespace GeoRegistry.Cli.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string> Commands =>
    [
        "", "up",
        "replication", "replication status", "replication lag", "replication pending", "replication dead-letters",
        "replication retry", "replication verify",
        "repo", "repo where",
        "receipt", "receipt wait",
        "topology", "topology put", "topology show",
    ];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_OfACommand_IsDataAndDone(string command)
    {
        var run = await Cli.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Theory]
    [InlineData("replicate")]
    [InlineData("replication")]
    [InlineData("replication status --output yaml")]
    [InlineData("replication status --server here")]
    [InlineData("replication lag -n many")]
    [InlineData("repo where team/app")]
    [InlineData("receipt wait eu-1 --timeout 5")]
    [InlineData("topology put")]
    [InlineData("topology show")]
    [InlineData("topology show --etcd here")]
    [InlineData("up --regions 0")]
    [InlineData("up --regions 10")]
    [InlineData("up --latency fast")]
    [InlineData("up --listen 5000")]
    public async Task CommandLine_NotValid_IsAUsageErrorWithoutData(string line)
    {
        var run = await Cli.RunAsync(line.Split(' '));

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.NotEmpty(run.Error.Trim());
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal); // A stack.
    }

    [Fact]
    public async Task Server_NobodyListens_SaysHowToStartOne()
    {
        string address;
        using (var gone = new ApiListener((200, "{}"))) address = gone.Address;

        var run = await Cli.RunAsync("replication", "status", "--server", address);

        Assert.Equal(
            $"No region answers at {address}: start one with 'georegistry up', or name another with --server.", run.Error.TrimEnd());
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Server_AnswersAnError_SaysItsSentence()
    {
        using var api = new ApiListener((404, """{"errors":[{"code":"UNSUPPORTED","message":"There is no region 'xx'.","detail":{}}]}"""));

        var run = await Cli.RunAsync("replication", "status", "--region", "xx", "--server", api.Address);

        Assert.Equal($"{api.Address} answered 404 UNSUPPORTED: There is no region 'xx'.", run.Error.TrimEnd());
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("GET /api/v1/replication?region=xx", Assert.Single(api.Requests));
    }

    [Theory]
    [InlineData(200, "<html>")]
    [InlineData(502, "<html>")]
    [InlineData(500, "{}")]
    public async Task Server_IsNoRegistry_IsAskedWhetherItIs(int status, string body)
    {
        using var api = new ApiListener((status, body));

        var run = await Cli.RunAsync("replication", "status", "--server", api.Address);

        Assert.Contains("is it", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
    }
}
