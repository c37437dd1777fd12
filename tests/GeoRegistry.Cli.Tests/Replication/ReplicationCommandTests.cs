using GeoRegistry.Cli.Tests.Api;

namespace GeoRegistry.Cli.Tests.Replication;

public sealed class ReplicationCommandTests
{
    [Fact]
    public async Task Status_AsTable_HasALineForEachRegionAndItsSource()
    {
        using var api = new ApiListener((200, Documents.Replication));

        var run = await Cli.RunAsync("replication", "status", "--server", api.Address);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.Equal("GET /api/v1/replication", Assert.Single(api.Requests));
        Assert.Equal(
            [
                "region home of feed follows applied pending dead letters lag heard push-to-complete",
                "eu (all others), eu-team 1203 us 120/120 - 0 0 s 200 ms ago 90 ms, 310 ms",
                "us us-team 120 eu 1200/1203 (connecting) 2 commits, 3 blobs, 1.5 MiB 1 1.2 s 50 ms ago -",
                "ap - - - did not answer: it did not answer within 2 s - - - - -",
            ],
            run.Lines);
    }

    [Fact]
    public async Task Status_OfRegionsThatNeedSomebody_SaysWhatIsWrong()
    {
        using var api = new ApiListener((200, Documents.TroubledReplication));

        var run = await Cli.RunAsync("replication", "status", "--server", api.Address);

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains("eu refuses writes: it lost commits.", run.Error, StringComparison.Ordinal);
        Assert.Contains(
            "us has 2 findings of verification not repaired: its log names them, "
                + "and 'georegistry replication verify' checks all again.",
            run.Error,
            StringComparison.Ordinal);
        Assert.Contains(
            "us has set aside 1 ledger that it cannot repair now: their homes answer for them.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_AsJson_IsTheAnswerAsItCame()
    {
        using var api = new ApiListener((200, Documents.Replication));

        var run = await Cli.RunAsync("replication", "status", "--output", "json", "--server", api.Address);

        Assert.Equal(Documents.Replication, run.Output.TrimEnd());
    }

    [Fact]
    public async Task Lag_OfARepository_IsAskedForAndShown()
    {
        using var api = new ApiListener((200, Documents.Lag));

        var run = await Cli.RunAsync("replication", "lag", "--region", "us", "--repository", "team/app", "-n",
            "5", "--server", api.Address);

        Assert.Equal("GET /api/v1/replication/lag?region=us&repository=team%2Fapp&n=5", Assert.Single(api.Requests));
        Assert.Equal(["region repository commits blobs size oldest", "us team/app 1 2 5 B 1.5 s"], run.Lines);
        Assert.Contains("Did not answer, so their rows are missing: ap.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("dead-letters")]
    public async Task Blobs_ThatRegionsLack_AreShown(string command)
    {
        using var api = new ApiListener((200, Documents.Blobs));

        var run = await Cli.RunAsync("replication", command, "--server", api.Address);

        Assert.Equal($"GET /api/v1/replication/{command}", Assert.Single(api.Requests));
        Assert.Equal(
            [
                "region digest size from repository attempts age next last error",
                "us sha256:aa 2 KiB eu team/app 3 12.5 s in 3.2 s broken [2J off",
                "ap sha256:bb 1 B eu team/app 0 500 ms - -",
            ],
            run.Lines);
    }

    [Fact]
    public async Task Blobs_None_IsSaid()
    {
        using var api = new ApiListener((200, """{ "blobs": [], "unreachable": [] }"""));

        var run = await Cli.RunAsync("replication", "pending", "--server", api.Address);

        Assert.Equal("No region awaits a blob.", run.Error.TrimEnd());
        Assert.Equal(ExitCode.Done, run.ExitCode);
    }

    [Fact]
    public async Task Retry_OfABlobInARegion_IsPostedAndCounted()
    {
        using var api = new ApiListener((200, """{ "retried": 3, "unreachable": [] }"""));

        var run = await Cli.RunAsync("replication", "retry", "--region", "us", "--digest", "sha256:aa", "--server", api.Address);

        Assert.Equal("POST /api/v1/replication/retry?region=us&digest=sha256%3Aaa", Assert.Single(api.Requests));
        Assert.Equal(["3 blobs tried now"], run.Lines);
    }

    [Theory]
    [InlineData(1, 0, ExitCode.NotComplete)]
    [InlineData(1, 1, ExitCode.Done)]
    [InlineData(0, 0, ExitCode.Done)]
    public async Task Verify_PassThatEnded_SaysWhatItFoundAndWhetherAllIsRepaired(int found, int repaired, int exitCode)
    {
        using var api = new ApiListener((200, Verified(completed: 3, found, repaired)));

        var run = await Cli.RunAsync("replication", "verify", "--server", api.Address);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal("POST /api/v1/replication/verify", Assert.Single(api.Requests));
        Assert.Equal($"eu 2 1 5 10 B {found} {repaired} -", run.Lines[1]);
    }

    /// <summary>Without <c>--repair</c>, nothing is asked for that changes anything, and the end of the pass is the end.</summary>
    [Theory]
    [InlineData(false, ExitCode.NotComplete)]
    [InlineData(true, ExitCode.Done)]
    public async Task Verify_PassThatRuns_IsAwaitedAndItsRepairsWhereTheyWereAskedFor(bool repairs, int exitCode)
    {
        using var api = new ApiListener(
            (200, Verified(completed: 2, found: 0, repaired: 0)),
            (200, Verified(completed: 3, found: 1, repaired: 0)),
            (200, Verified(completed: 3, found: 1, repaired: 1)));

        var run = await Cli.RunAsync(["replication", "verify", .. repairs ? new[] { "--repair" } : [], "--server", api.Address]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal($"eu 2 1 5 10 B 1 {(repairs ? 1 : 0)} -", run.Lines[1]);
        Assert.StartsWith("eu: 2 ledgers, 5 blobs, 10 B; 1 found, 0 repaired", run.Error, StringComparison.Ordinal);
        const string Path = "/api/v1/replication/verify";
        Assert.Equal(
            repairs ? [$"POST {Path}?repair=true", $"GET {Path}", $"GET {Path}"] : [$"POST {Path}", $"GET {Path}"],
            api.Requests);
    }

    /// <summary>It is not awaited, and what the others found is shown all the same.</summary>
    [Fact]
    public async Task Verify_RegionThatDoesNotAnswer_IsNamedAndNotTakenForVerified()
    {
        const string Silent =
            """{"region":"ap","pass":0,"running":false,"requested":0,"ledgers":0,"compared":0,"blobs":0,"bytes":0,"completed":0,"""
            + """ "found":0,"repaired":0,"findings":[],"error":"it did not answer within 2 s"}""";
        using var api = new ApiListener((200, Verified(completed: 3, found: 0, repaired: 0, Silent)));

        var run = await Cli.RunAsync("replication", "verify", "--repair", "--server", api.Address);

        Assert.Equal(ExitCode.NotComplete, run.ExitCode);
        Assert.Equal(["eu 2 1 5 10 B 0 0 -", "ap 0 0 0 0 B 0 0 it did not answer within 2 s"], run.Lines.Skip(1));
    }

    /// <summary>What is said of a region of which the third pass was asked for, and of others.</summary>
    private static string Verified(int completed, int found, int repaired, params IReadOnlyList<string> others)
    {
        var row =
            """{"region":"eu","pass":3,"running":false,"requested":3,"ledgers":2,"compared":1,"blobs":5,"bytes":10"""
            + $$$""","completed":{{{completed}}},"found":{{{found}}},"repaired":{{{repaired}}},"findings":[]}""";
        return $$"""{"regions":[{{string.Join(',', others.Prepend(row))}}]}""";
    }
}
