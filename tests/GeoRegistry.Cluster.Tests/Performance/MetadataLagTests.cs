using System.Diagnostics;
using System.Net;
using GeoRegistry.Cluster.Tests.Links;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Performance;

/// <summary>How long after a push other regions know of it.</summary>
[Trait("Run", "alone")]
public sealed class MetadataLagTests(ITestOutputHelper output)
{
    private const int PushesPerSecond = 100;

    private static readonly int Seconds = LongTests.AreOn ? 60 : 4;

    /// <summary>A round trip and 50 ms; the short form runs beside whatever else the machine does, too briefly to tell.</summary>
    private static readonly double MaxSeconds = (2 * LinkQuality.Wide.Delay.TotalSeconds) + (LongTests.AreOn ? 0.05 : 1);

    [Fact]
    public async Task Lag_AtAHundredPushesPerSecond_IsARoundTripAndALittle()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var eu = cluster["eu"].Client;
        var content = TestImage.Next(Seeds.Next(output), 1000);
        var repositories = Enumerable.Range(0, 10).Select(number => $"lag/{number}").ToArray();
        foreach (var repository in repositories) await eu.PushAsync(repository, "0", content);
        await cluster.WaitUntilConvergedAsync();

        List<Task<Answer>> pushes = [];
        var began = Stopwatch.GetTimestamp();
        for (var number = 1; number <= Seconds * PushesPerSecond; number++)
        {
            await LinkClock.Shared.UntilAsync(began + (number * Stopwatch.Frequency / PushesPerSecond));
            var (repository, tag) = (repositories[number % repositories.Length], $"{number}");
            pushes.Add(Task.Run(() => eu.PutManifestAsync(repository, tag, TestImage.Of(content.Blobs, tag))));
        }

        foreach (var answer in await Task.WhenAll(pushes)) answer.Expect(HttpStatusCode.Created);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await cluster.WaitUntilConvergedAsync();

        Assert.InRange(took, Seconds, Seconds * 1.1);
        foreach (var region in new[] { "us", "ap" })
        {
            var status = await cluster[region].ReplicationAsync();
            output.WriteLine(
                $"{region}: applied after p50 {status.AppliedP50Seconds:0.000} s, p99 {status.AppliedP99Seconds:0.000} s; "
                + $"complete p99 {status.CompleteP99Seconds:0.000} s");
            Assert.InRange(status.AppliedP99Seconds!.Value, LinkQuality.Wide.Delay.TotalSeconds * 0.9, MaxSeconds);
        }
    }
}
