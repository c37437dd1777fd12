using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>
/// What changes on a region's disk other than by its own writes is found after the next start, without a new commit, and
/// repaired from the others.
/// </summary>
[Trait("Stores", "embedded")]
public sealed class DamageTests(ITestOutputHelper output)
{
    private const string Zeros = "CAST(x'01' || zeroblob(32) AS BLOB)";

    private static readonly TimeSpan FindTime = TimeSpan.FromMinutes(1);

    /// <summary>One row of the ledger <c>{L}</c> each; <c>{S}</c> names one to which a blob was uploaded and nothing more.</summary>
    private static readonly IReadOnlyList<string> Injections =
    [
        "UPDATE manifests SET content = CAST(replace(CAST(content AS TEXT), '2', '3') AS BLOB) "
        + "WHERE rowid = (SELECT min(rowid) FROM manifests WHERE ledger = {L})",
        "UPDATE manifests SET media_type = 'application/vnd.oci.image.index.v1+json' "
        + "WHERE rowid = (SELECT min(rowid) FROM manifests WHERE ledger = {L})",
        $"UPDATE tags SET digest = {Zeros} WHERE ledger = {{L}} AND name = '1'",
        "UPDATE tags SET name = '7' WHERE ledger = {L} AND name = '1'",
        $"UPDATE manifest_references SET target = {Zeros} "
        + $"WHERE ledger = {{L}} AND target = (SELECT min(target) FROM manifest_references WHERE ledger = {{L}})",
        "UPDATE blob_links SET size = size + 1 WHERE ledger = {L} AND digest = (SELECT min(digest) FROM blob_links WHERE ledger = {L})",
        $"UPDATE blob_links SET digest = {Zeros} "
        + $"WHERE ledger = {{L}} AND digest = (SELECT min(digest) FROM blob_links WHERE ledger = {{L}})",
        "UPDATE commits SET encoded = CAST(encoded || x'00' AS BLOB) WHERE ledger = {L} AND number = 1",
        "UPDATE commits SET checksum = zeroblob(32) WHERE ledger = {L} AND number = 1",
        "UPDATE ledgers SET number = number + 1 WHERE id = {L}",
        "UPDATE ledgers SET number = number - 1 WHERE id = {L}",
        "UPDATE ledgers SET epoch = epoch + 1 WHERE id = {L}",
        "UPDATE ledgers SET checksum = zeroblob(32) WHERE id = {L}",
        "UPDATE ledgers SET contents = zeroblob(16) WHERE id = {L}",
        "UPDATE ledgers SET name = 'wrong' || name WHERE id = {L}",
        "UPDATE ledgers SET name = upper(name) WHERE id = {L}",
        "UPDATE ledgers SET kind = 2 WHERE id = {L}",
        "PRAGMA foreign_keys = OFF; UPDATE ledgers SET id = id + 1000000 WHERE id = {L}",
        "UPDATE ledger_names SET name = upper(name) WHERE id = {L}",
        "UPDATE ledger_names SET row_checksum = zeroblob(32) WHERE id = {L}",
        "UPDATE commits SET ledger = (SELECT id FROM ledgers WHERE name = {S}) WHERE ledger = {L} AND number = 2",
    ];

    [Theory]
    [InlineData("us")] // A replica.
    [InlineData("eu")] // The home.
    public async Task Start_OneRowOfEachOfManyLedgersDamaged_EachIsFoundAndRepairedWithoutACommit(string victim)
    {
        await using var cluster = await RegionCluster.StartAsync();
        var random = Seeds.Next(output);
        var rounds = LongTests.AreOn ? 15 : 1;
        var images = new List<(string Repository, TestImage Image)>();
        for (var i = 0; i < Injections.Count * rounds; i++) images.Add(($"damage/r{i}", TestImage.Next(random, 300)));
        await cluster.WaitUntilConvergedAsync(); // A region that is still taking over gets snapshots, and keeps no commits to be damaged.
        await Parallel.ForEachAsync(images, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (one, _) =>
        {
            await cluster["eu"].Client.PushAsync(one.Repository, "1", one.Image);
            await cluster["eu"].Client.PushAsync(one.Repository, "2", one.Image);
        });
        for (var round = 0; round < rounds; round++)
            await cluster[victim].Client.PushBlobAsync($"damage/s{round}", images[0].Image.Blobs[0], looksFirst: false);
        await cluster.WaitUntilConvergedAsync();
        await cluster[victim].StopAsync();
        for (var i = 0; i < images.Count; i++)
        {
            var sql = Injections[i % Injections.Count]
                .Replace("{L}", $"(SELECT id FROM ledgers WHERE name = 'damage/r{i}')", StringComparison.Ordinal)
                .Replace("{S}", $"'damage/s{i / Injections.Count}'", StringComparison.Ordinal);
            Assert.True(LedgerAudit.Execute(cluster[victim].DataFolder, sql) == 1, sql);
        }

        await cluster[victim].StartAsync();

        await Waiting.UntilAsync(
            $"{images.Count} ledgers are found and repaired in {victim}",
            () => Task.FromResult(images.All(one =>
                cluster[victim].Output.Contains($"The repository:{one.Repository} is repaired.", StringComparison.Ordinal))),
            FindTime);
        foreach (var (repository, image) in images)
        {
            await cluster[victim].Client.PullExactlyAsync(repository, "1", image);
            await cluster[victim].Client.PullExactlyAsync(repository, "2", image);
            await cluster["ap"].Client.PullExactlyAsync(repository, "1", image);
        }

        await cluster["us"].Client.PushAsync("damage/r0", "3", images[0].Image);
        await cluster.WaitUntilConvergedAsync();
        await cluster.StopAsync();
        LedgerAudit.AssertHeadsEqual([.. cluster.Regions]);
    }

    /// <summary>A copy of the record is replaced by the other; a row that keeps a list from being read goes.</summary>
    [Theory]
    [InlineData("UPDATE region_record SET topology = x'00'")]
    [InlineData("INSERT INTO announcements (ledger, digest, size) SELECT min(id), x'01ff', 5 FROM ledgers")]
    [InlineData("INSERT INTO ledgers_set_aside VALUES (1, 'damage/RECORD', 'eu', 'gone', 1, 0)")]
    [InlineData("PRAGMA foreign_keys = OFF; UPDATE commits SET ledger = 1000000")]
    [InlineData("UPDATE feeds SET bytes = bytes + 1 WHERE region = 'eu'")]
    public async Task Start_WhatTheRegionRemembersIsDamaged_IsFoundAndMadeWhole(string change)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var image = TestImage.Next(Seeds.Next(output), 300);
        await cluster.WaitUntilConvergedAsync(); // So that the commit comes by the feed, and is kept.
        await cluster["eu"].Client.PushAsync("damage/record", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster["us"].StopAsync();
        Assert.Equal(1, LedgerAudit.Execute(cluster["us"].DataFolder, change));

        await cluster["us"].StartAsync();

        await Waiting.UntilAsync(
            "us has repaired its record",
            () => Task.FromResult(
                cluster["us"].Output.Contains("The region record of us is repaired.", StringComparison.Ordinal)),
            FindTime);
        await cluster["us"].Client.PushAsync("damage/record", "2", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster["us"].Client.PullExactlyAsync("damage/record", "2", image);
    }

    [Theory]
    [InlineData("position = position - 2")]
    [InlineData("position = position + 2")]
    [InlineData("take_over = 1")]
    public async Task Start_CursorDamaged_IsFoundAndTheFeedGoesOn(string change)
    {
        await using var cluster = await RegionCluster.StartAsync();
        var image = TestImage.Next(Seeds.Next(output), 300);
        for (var i = 0; i < 5; i++) await cluster["eu"].Client.PushAsync("damage/cursor", $"{i}", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster["us"].StopAsync();
        Assert.Equal(1, LedgerAudit.Execute(cluster["us"].DataFolder, $"UPDATE feeds SET {change} WHERE region = 'eu'"));

        await cluster["us"].StartAsync();
        await Waiting.UntilAsync(
            "us has found its cursor damaged",
            () => Task.FromResult(cluster["us"].Output.Contains("The row of the feed of eu is repaired.", StringComparison.Ordinal)),
            FindTime);

        await cluster["eu"].Client.PushAsync("damage/cursor", "next", image);
        await cluster.WaitUntilConvergedAsync();
        await cluster["us"].Client.PullExactlyAsync("damage/cursor", "next", image);
    }

    /// <summary>With another incarnation its followers would have to take over all, or follow it no more.</summary>
    [Theory]
    [InlineData("feeds SET incarnation = '00000001' WHERE region = 'eu'")]
    [InlineData("feeds SET incarnation = 'E?' WHERE region = 'eu'")]
    [InlineData("own_incarnation SET incarnation = '00000001'")]
    public async Task Start_IncarnationOfTheHomeDamaged_IsFoundAndItsFollowersGoOn(string change)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (eu, us, image) = (cluster["eu"], cluster["us"], TestImage.Next(Seeds.Next(output), 300));
        await cluster.WaitUntilConvergedAsync();
        await eu.Client.PushAsync("damage/life", "1", image);
        await cluster.WaitUntilConvergedAsync();
        await eu.StopAsync();
        var before = us.Output.Length;
        Assert.Equal(1, LedgerAudit.Execute(eu.DataFolder, $"UPDATE {change}"));

        await eu.StartAsync();

        await Waiting.UntilAsync(
            "eu has found its incarnation damaged",
            () => Task.FromResult(eu.Output.Contains("The row of the feed of eu is repaired.", StringComparison.Ordinal)),
            FindTime);
        await eu.Client.PushAsync("damage/life", "2", image);
        await cluster.WaitUntilConvergedAsync();
        await us.Client.PullExactlyAsync("damage/life", "2", image);
        Assert.DoesNotContain("snapshot", us.Output[before..], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("incarnation", us.Output[before..], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A blob is awaited when its region stops; then what says so is damaged.</summary>
    [Theory]
    [InlineData("UPDATE hydration SET size = size + 1", "The hydration queue of us is repaired.")]
    [InlineData("UPDATE hydration_commits SET blobs = blobs + 1", "The hydration queue of us is repaired.")]
    [InlineData($"UPDATE hydration SET digest = {Zeros}", "is missing and nothing awaited it")]
    public async Task Start_RowOfTheHydrationQueueDamaged_IsFoundAndTheBlobsCome(string change, string found)
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var (eu, us) = (cluster["eu"], cluster["us"]);
        await cluster.WaitUntilConvergedAsync();
        var image = TestImage.Next(Seeds.Next(output), 5_000);
        var layer = eu.BlobFiles.PathOf(image.Blobs[1].Digest);
        cluster.CutOff("us", CutMode.Refused);
        await eu.Client.PushAsync("damage/queue", "1", image);
        File.Move(layer, Path.Combine(eu.DataFolder, "aside"));
        cluster.Rejoin("us");
        await Waiting.UntilAsync(
            "us awaits the layer and nothing else",
            async () => (await us.ReplicationAsync()).From("eu") is { PendingCommits: 1, PendingBlobs: 1 });
        await us.StopAsync();
        File.Move(Path.Combine(eu.DataFolder, "aside"), layer);
        Assert.Equal(1, LedgerAudit.Execute(us.DataFolder, change));

        await us.StartAsync();

        await Waiting.UntilAsync(
            $"us says '{found}'", () => Task.FromResult(us.Output.Contains(found, StringComparison.Ordinal)), FindTime);
        await cluster.WaitUntilConvergedAsync();
        await us.Client.PullExactlyAsync("damage/queue", "1", image);
        Assert.True(us.Blobs.Has(image.Blobs[1].Digest));
    }

    /// <summary>
    /// One byte of each of many blobs: whoever reads one at once gets it right, from another region, and the files are
    /// whole again soon.
    /// </summary>
    [Theory]
    [InlineData("us")]
    [InlineData("eu")]
    public async Task Start_OneByteOfEachOfManyBlobsDamaged_NoneIsServedAndAllAreRepaired(string victim)
    {
        await using var cluster = await RegionCluster.StartAsync();
        var random = Seeds.Next(output);
        var images = Enumerable.Range(0, LongTests.AreOn ? 100 : 5).Select(_ => TestImage.Next(random, 5_000, 700_000)).ToList();
        foreach (var image in images) await cluster["eu"].Client.PushAsync("damage/blobs", image.Digest[7..20], image);
        await cluster.WaitUntilConvergedAsync();
        await cluster[victim].StopAsync();
        var blobs = images.SelectMany(image => image.AllBlobs).ToList();
        foreach (var blob in blobs) cluster[victim].Blobs.FlipOneBit(blob.Digest, random);

        await cluster[victim].StartAsync();

        foreach (var blob in blobs)
            Assert.Equal(blob.Bytes.ToArray(), await cluster[victim].Client.PullBlobAsync("damage/blobs", blob.Digest));
        await Waiting.UntilAsync(
            $"{blobs.Count} blobs are found and repaired in {victim}",
            () => Task.FromResult(blobs.All(blob =>
                cluster[victim].Output.Contains($"The blob {blob.Digest} is repaired.", StringComparison.Ordinal))),
            FindTime);
        cluster[victim].Blobs.AssertWhole();
    }

    /// <summary>
    /// Nobody reads them: the pass that an operator asks for finds them, and a blob that is gone without anything
    /// awaiting it.
    /// </summary>
    [Fact]
    public async Task Verify_BlobsDamagedAndGoneWhileTheServerRan_AreFoundAndRepaired()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var random = Seeds.Next(output);
        var image = TestImage.Next(random, 5_000, 700_000);
        await cluster["eu"].Client.PushAsync("damage/asked", "1", image);
        await cluster.WaitUntilConvergedAsync();
        cluster["us"].Blobs.FlipOneBit(image.Blobs[1].Digest, random);
        File.Delete(cluster["us"].BlobFiles.PathOf(image.Blobs[2].Digest));

        await cluster["eu"].Client.PostAsync<object>("/api/v1/replication/verify?repair=true&region=us");

        await Waiting.UntilAsync(
            "both blobs are found and repaired in us",
            () => Task.FromResult(image.Blobs.Skip(1).All(blob =>
                cluster["us"].Output.Contains($"The blob {blob.Digest} is repaired.", StringComparison.Ordinal))),
            FindTime);
        foreach (var blob in image.Blobs)
            Assert.Equal(blob.Bytes.ToArray(), await File.ReadAllBytesAsync(cluster["us"].BlobFiles.PathOf(blob.Digest)));
    }

    /// <summary>Nobody reads it and nobody asks for a pass: a round over the store finds it.</summary>
    [Fact]
    public async Task Run_BlobDamagedWhileTheServerRuns_IsFoundByARoundAndRepaired()
    {
        await using var cluster = await RegionCluster.StartAsync(new ClusterPlan { Regions = ["eu", "us"], Homes = [new("", "eu")] });
        var random = Seeds.Next(output);
        var image = TestImage.Next(random, 5_000);
        var (us, digest) = (cluster["us"], image.Blobs[1].Digest);
        await cluster["eu"].Client.PushAsync("damage/round", "1", image);
        await cluster.WaitUntilConvergedAsync();

        us.Blobs.FlipOneBit(digest, random);

        await Waiting.UntilAsync(
            "us has repaired the blob",
            () => Task.FromResult(us.Output.Contains($"The blob {digest} is repaired.", StringComparison.Ordinal)),
            FindTime);
        us.Blobs.AssertWhole();
    }

    [Fact]
    public async Task Run_PushesAndDeletesWithoutDamage_NothingIsFound()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var random = Seeds.Next(output);
        var rounds = LongTests.AreOn ? 300 : 12;
        var pushes = Parallel.ForEachAsync(Enumerable.Range(0, 8).Select(
            i => (Repository: i % 2 == 0 ? $"calm/r{i}" : $"us-team/r{i}", Random: new Random(random.Next()))), async (one, _) =>
        {
            for (var round = 0; round < rounds; round++)
            {
                var client = cluster[round % 2 == 0 ? "eu" : "us"].Client;
                var image = TestImage.Next(one.Random, 100);
                await client.PushAsync(one.Repository, $"{round % 3}", image);
                if (round % 4 == 3) await client.DeleteManifestAsync(one.Repository, image.Digest);
            }
        });
        var (passes, deadline) = (0, new LoopDeadline("the last push", RegionCluster.ConvergenceTimeout));
        for (; !pushes.IsCompleted; passes++)
        {
            deadline.Check();
            Assert.All(await VerifyAsync(cluster), region => Assert.Empty(region.Findings));
        }

        await pushes;
        await cluster.WaitUntilConvergedAsync();

        output.WriteLine($"{passes} passes beside the pushes");
        Assert.True(passes >= 3, $"Only {passes} passes ran beside the pushes.");
        foreach (var region in cluster.Regions) Assert.DoesNotContain(
            "fail: GeoRegistry.Replication.Verification", region.Output, StringComparison.Ordinal);
    }

    /// <summary>Has every region verify all that it has.</summary>
    private static async Task<IReadOnlyList<RegionVerification>> VerifyAsync(RegionCluster cluster)
    {
        const string Path = "/api/v1/replication/verify";
        var client = cluster.Regions.First().Client;
        var asked = await client.PostAsync<VerificationAnswer>($"{Path}?repair=true");
        return await Waiting.UntilAsync("every region has verified all that it has", async () =>
        {
            var states = (await client.GetJsonAsync<VerificationAnswer>(Path)).Regions;
            return states.All(state => state.Completed >= asked.Regions.Single(row => row.Region == state.Region).Requested)
                ? states
                : null;
        });
    }
}
