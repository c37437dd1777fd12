using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>A home whose data is lost or older than what others have acknowledges nothing until an operator lets it go on.</summary>
[Trait("Stores", "embedded")]
public sealed class ResumedHomeTests(ITestOutputHelper output)
{
    private const string Resume = "/api/v1/regions/eu/resume", ResumeAnyway = $"{Resume}?accept-data-loss=true";

    [Fact]
    public async Task Start_OfAHomeThatReachesNobody_RefusesWritesUntilOneFollowerAnswers()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, image) = (cluster["eu"], TestImage.Next(Seeds.Next(output), 1000));
        await eu.Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await eu.StopAsync();
        cluster.CutOff("eu", CutMode.Refused);
        await eu.StartAsync();

        var refused = (await eu.Client.PutManifestAsync("team/app", "2", image)).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Contains("none of us, ap can be reached", refused.Text, StringComparison.Ordinal);
        Assert.Contains("georegistry region resume eu", refused.Text, StringComparison.Ordinal);
        Assert.Contains("none of us, ap can be reached", (await eu.ReplicationAsync()).Closed, StringComparison.Ordinal);
        await eu.Client.PullExactlyAsync("team/app", "1", image);

        cluster.Heal("eu", "ap");
        await Waiting.UntilAsync("eu takes writes", async () => (await eu.ReplicationAsync()).Closed is null);
        await eu.Client.PushAsync("team/app", "2", image);
    }

    [Fact]
    public async Task Start_OfAHomeOnAnEmptyFolderThatIsCutOff_AcknowledgesNothing()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, image) = (cluster["eu"], TestImage.Next(Seeds.Next(output), 1000));
        await eu.Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await eu.KillAsync();
        Directory.Delete(eu.DataFolder, recursive: true);
        cluster.CutOff("eu");
        await eu.StartAsync();
        foreach (var blob in image.Blobs) await eu.Client.PushBlobAsync("team/app", blob, looksFirst: false);

        (await eu.Client.PutManifestAsync("team/app", "2", image)).Expect(HttpStatusCode.ServiceUnavailable);
        cluster.Rejoin("eu");
        await Waiting.UntilAsync("eu knows what it lost", async () =>
            (await eu.ReplicationAsync()).Closed?.Contains("it has lost commits", StringComparison.Ordinal) == true);

        var refused = (await eu.Client.PutManifestAsync("team/app", "2", image)).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Contains("lost commits", refused.Text, StringComparison.Ordinal);
        await eu.Client.PullExactlyAsync("team/app", "1", image); // The others have it.
        await cluster["us"].Client.PullExactlyAsync("team/app", "1", image);
    }

    [Fact]
    public async Task Resume_OfAHomeThatLostItsData_BringsBackWhatReachableRegionsHaveAndTheOthersFollow()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, ap, random) = (cluster["eu"], cluster["us"], cluster["ap"], Seeds.Next(output));
        var (image, onlyAp) = (TestImage.Next(random, 1000), TestImage.Next(random, 1000));
        foreach (var repository in new[] { "team/app", "team/other" }) await eu.Client.PushAsync(repository, "1", image);
        var receipt = (await eu.Client.PushAsync("us-team/app", "1", image)).Receipt!;
        Assert.StartsWith("us-", receipt, StringComparison.Ordinal);
        receipt = (await eu.Client.PushAsync("team/app", "2", image)).Receipt!;
        await cluster.WaitUntilConvergedAsync();
        cluster.Cut("eu", "us", CutMode.Refused); // What a silent cut stalls would come to us once it is healed.
        foreach (var repository in new[] { "team/app", "only-ap/app" }) await eu.Client.PushAsync(repository, "only-ap", onlyAp);
        await Waiting.UntilAsync("ap has what us has not", async () =>
            (await ap.ReplicationAsync()).From("eu") is { IsComplete: true, Applied: 5 });
        await eu.KillAsync();
        Directory.Delete(eu.DataFolder, recursive: true);
        cluster.Cut("eu", "ap");
        cluster.Heal("eu", "us");
        await eu.StartAsync();
        await Waiting.UntilAsync("us sees that eu is not what it was", async () =>
            (await us.ReplicationAsync()).From("eu").State == "diverged");

        var closed = (await us.Client.SendAsync(HttpMethod.Post, Resume)).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Contains("all that they have: ap.", closed.Text, StringComparison.Ordinal);
        Assert.NotNull((await eu.ReplicationAsync()).Closed);
        var report = await us.Client.PostAsync<ResumptionAnswer>(ResumeAnyway);
        Assert.Equal((2, 0), (report.Topology, report.RecoveredLedgers)); // They came with the first attempt.
        Assert.Equal("us", Assert.Single(report.Reached));
        Assert.Equal("ap", Assert.Single(report.Unreachable));
        (await us.Client.SendAsync(HttpMethod.Post, ResumeAnyway)).Expect(HttpStatusCode.Conflict);

        await Waiting.UntilAsync("us follows eu again", async () => (await us.ReplicationAsync()).From("eu").State == "live");
        var next = (await us.Client.PushAsync("team/app", "3", image)).Receipt!;
        Assert.StartsWith($"eu-{report.Incarnation}-", next, StringComparison.Ordinal);
        foreach (var tag in new[] { "1", "2", "3" }) await eu.Client.PullExactlyAsync("team/app", tag, image);
        cluster.Rejoin("eu");
        await Waiting.UntilAsync("ap has what is acknowledged now", async () =>
            (await ap.Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{next}?region=ap")).In("ap") == "complete");
        await cluster.WaitUntilConvergedAsync();
        foreach (var region in cluster.Regions)
        {
            Assert.Equal("orphaned",
                (await region.Client.GetJsonAsync<ReceiptAnswer>($"/api/v1/receipts/{receipt}?region={region.Id}")).In(region.Id));
            foreach (var tag in new[] { "1", "2", "3" }) await region.Client.PullExactlyAsync("team/app", tag, image);
            await region.Client.PullExactlyAsync("team/other", "1", image);
            await region.Client.PullExactlyAsync("us-team/app", "1", image);
            (await region.Client.GetManifestAsync("team/app", "only-ap")).Expect(HttpStatusCode.NotFound);
            (await region.Client.GetManifestAsync("only-ap/app", "only-ap")).Expect(HttpStatusCode.NotFound);
        }

        await cluster.StopAsync();
        LedgerAudit.AssertHeadsEqual([.. cluster.Regions]);
        await cluster.StartAllAsync();
        await eu.Client.PushAsync("team/app", "after-restart", image);
        await cluster.WaitUntilConvergedAsync();
    }

    /// <summary>The region that has it says that it is damaged there: it was reached, and the home must not write over it.</summary>
    [Fact]
    public async Task Resume_WhatItLostIsDamagedInTheOtherRegion_StaysClosedUntilThatIsAccepted()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (eu, us, image) = (cluster["eu"], cluster["us"], TestImage.Next(Seeds.Next(output), 1000));
        foreach (var repository in new[] { "bad/app", "good/app" }) await eu.Client.PushAsync(repository, "1", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster.StopAsync();
        Assert.Equal(1, LedgerAudit.Execute(
            us.DataFolder,
            "UPDATE manifests SET content = zeroblob(length(content)) WHERE ledger = (SELECT id FROM ledgers WHERE name = 'bad/app')"));
        Directory.Delete(eu.DataFolder, recursive: true);
        await cluster.StartAllAsync();
        await Waiting.UntilAsync("eu knows what it lost", async () =>
            (await eu.ReplicationAsync()).Closed?.Contains("it has lost commits", StringComparison.Ordinal) == true);

        var closed = (await eu.Client.SendAsync(HttpMethod.Post, Resume)).Expect(HttpStatusCode.ServiceUnavailable);
        foreach (var text in new[] { "Not recovered: bad/app (", "is damaged in region us." })
            Assert.Contains(text, closed.Text, StringComparison.Ordinal);
        Assert.NotNull((await eu.ReplicationAsync()).Closed);

        var report = await eu.Client.PostAsync<ResumptionAnswer>(ResumeAnyway);
        Assert.Equal("us", Assert.Single(report.Reached));
        var lost = Assert.Single(report.NotRecovered);
        Assert.Equal(("bad/app", "us"), (lost.Repository, lost.Region));
        await eu.Client.PullExactlyAsync("good/app", "1", image);
    }

    [Fact]
    public async Task Resume_OfAHomeOnAnOldBackup_GoesOnFromWhatTheOthersHave()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, image) = (cluster["eu"], cluster["us"], TestImage.Next(Seeds.Next(output), 1000));
        await eu.Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await eu.StopAsync();
        var backup = eu.DataFolder + ".backup";
        CopyFolder(eu.DataFolder, backup);
        await eu.StartAsync();
        await eu.Client.PushAsync("team/app", "2", image);
        await eu.Client.PushAsync("team/later", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await eu.KillAsync();
        Directory.Delete(eu.DataFolder, recursive: true);
        Directory.Move(backup, eu.DataFolder);
        await eu.StartAsync();
        await Waiting.UntilAsync("eu knows what it lost", async () =>
            (await eu.ReplicationAsync()).Closed?.Contains("it has lost commits", StringComparison.Ordinal) == true);
        (await eu.Client.PutManifestAsync("team/app", "3", image)).Expect(HttpStatusCode.ServiceUnavailable);

        var report = await eu.Client.PostAsync<ResumptionAnswer>(Resume); // Nothing is lost that would have to be accepted.
        Assert.Equal(2, report.RecoveredLedgers);
        await Waiting.UntilAsync("us follows eu again", async () => (await us.ReplicationAsync()).From("eu").State == "live");
        await us.Client.PushAsync("team/app", "3", image);

        await cluster.WaitUntilConvergedAsync();
        foreach (var region in cluster.Regions)
        {
            foreach (var tag in new[] { "1", "2", "3" }) await region.Client.PullExactlyAsync("team/app", tag, image);
            await region.Client.PullExactlyAsync("team/later", "1", image);
        }

        await cluster.StopAsync();
        LedgerAudit.AssertHeadsEqual([.. cluster.Regions]);
    }

    /// <summary>
    /// The only region that could be asked at the start was behind as well, so that the home wrote another commit in the place of one that
    /// a third region has: as far, and lost all the same.
    /// </summary>
    [Fact]
    public async Task Resume_AnotherRegionHasAnotherCommitInThePlaceOfOneHere_StaysClosedAndNamesIt()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, ap, random) = (cluster["eu"], cluster["us"], cluster["ap"], Seeds.Next(output));
        var (image, lost, kept) = (TestImage.Next(random, 500), TestImage.Next(random, 500), TestImage.Next(random, 500));
        await eu.Client.PushAsync("team/app", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await eu.StopAsync();
        var backup = eu.DataFolder + ".backup";
        CopyFolder(eu.DataFolder, backup);
        await eu.StartAsync();
        await Waiting.UntilAsync("eu takes writes", async () => (await eu.ReplicationAsync()).Closed is null);
        cluster.Cut("eu", "us", CutMode.Refused);
        await eu.Client.PushAsync("team/app", "2", lost);
        await Waiting.UntilAsync("ap has it", async () => (await ap.ReplicationAsync()).From("eu") is { IsComplete: true, Applied: 2 });
        await eu.KillAsync();
        Directory.Delete(eu.DataFolder, recursive: true);
        Directory.Move(backup, eu.DataFolder);
        cluster.Heal("eu", "us");
        cluster.Cut("eu", "ap", CutMode.Refused);
        await eu.StartAsync();
        await Waiting.UntilAsync("us lets eu take writes", async () => (await eu.ReplicationAsync()).Closed is null);
        await eu.Client.PushAsync("team/app", "2", kept);
        cluster.Heal("eu", "ap");
        await Waiting.UntilAsync("eu knows what it lost", async () =>
            (await eu.ReplicationAsync()).Closed?.Contains("it has lost commits", StringComparison.Ordinal) == true);

        var closed = (await eu.Client.SendAsync(HttpMethod.Post, Resume)).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Contains("Not recovered: team/app (its commit 2 there differs from the one here", closed.Text, StringComparison.Ordinal);
        var report = await eu.Client.PostAsync<ResumptionAnswer>(ResumeAnyway);

        var named = Assert.Single(report.NotRecovered);
        Assert.Equal(("team/app", "ap"), (named.Repository, named.Region));
        await cluster.WaitUntilConvergedAsync();
        foreach (var region in cluster.Regions) await region.Client.PullExactlyAsync("team/app", "2", kept);
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
