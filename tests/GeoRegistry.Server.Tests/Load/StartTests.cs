using System.Net;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Server.Tests.Load;

/// <summary>A restart is short: clients that retry do not notice.</summary>
[Trait("Run", "alone")]
public sealed class StartTests(ITestOutputHelper output)
{
    private const int Starts = 3;

    /// <summary>1.5 s is meant, in Release on a quiet machine; the short form runs anywhere.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(LongTests.AreOn ? 1.5 : 5);

    [Fact]
    public async Task Start_OnExistingData_IsReadySoon()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await RegistryProcess.StartAsync(folder.Path)) await first.StopAsync();
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < Starts; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await using var server = await RegistryProcess.StartAsync(folder.Path);
            using var http = server.CreateClient();
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/ready")).StatusCode);
            var elapsed = TimeProvider.System.GetElapsedTime(began);
            output.WriteLine($"ready after {elapsed.TotalMilliseconds:F0} ms");
            if (elapsed < best) best = elapsed;
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.InRange(best, TimeSpan.Zero, Limit);
    }
}
