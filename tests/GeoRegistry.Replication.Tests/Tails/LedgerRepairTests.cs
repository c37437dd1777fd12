using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.Replication.Tests.Homes;
using GeoRegistry.Repositories;
using GeoRegistry.TestKit;
using Microsoft.AspNetCore.Http;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Tails;

/// <summary>What counts against a ledger that is repaired, and what is a fault of the link or of this region.</summary>
public sealed class LedgerRepairTests
{
    private static readonly LedgerId App = LedgerId.Of(TestHome.AppName);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TryRepairAsync_AnswerEndsInItsMiddle_IsAnUnreachableRegion(bool saysHowLong)
    {
        await using var us = await TestHome.StartAsync();
        await using var region = new LostHome(us.Source.Address);
        us.Source.Other = async http =>
        {
            if (saysHowLong) http.Response.ContentLength = 1000;
            await http.Response.Body.WriteAsync(new byte[10]);
            await http.Response.Body.FlushAsync();
            http.Abort();
        };

        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => RepairAsync(region));
        Assert.Empty(await region.Region.Metadata.ListSetAsideAsync());
    }

    [Fact]
    public async Task TryRepairAsync_SpoolCannotBeWritten_IsAFaultOfThisRegion()
    {
        await using var us = await TestHome.StartAsync();
        await using var region = new LostHome(us.Source.Address);
        var spools = region.Spools;
        region.Spools = new BrokenSpools();

        Assert.Equal("The disk is broken.", (await Assert.ThrowsAsync<IOException>(() => RepairAsync(region))).Message);
        Assert.Empty(await region.Region.Metadata.ListSetAsideAsync());
        region.Spools = spools;
        Assert.True(await RepairAsync(region));
    }

    /// <summary>Whatever its home has to say about one ledger, the rest of the feed goes on.</summary>
    [Theory]
    [InlineData(StatusCodes.Status404NotFound)]
    [InlineData(StatusCodes.Status500InternalServerError)]
    public async Task TryRepairAsync_HomeAnswersWithAFault_IsSetAside(int status)
    {
        await using var us = await TestHome.StartAsync();
        await using var region = new LostHome(us.Source.Address);
        us.Source.Other = http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        };

        Assert.False(await RepairAsync(region));
        Assert.Equal(App, Assert.Single(await region.Region.Metadata.ListSetAsideAsync()).Ledger);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 8)]
    [InlineData(30, 300)]
    public async Task TryRepairAsync_FailsAgain_IsTriedLaterEachTime(int attempts, int seconds)
    {
        await using var us = await TestHome.StartAsync();
        await using var region = new LostHome(us.Source.Address);
        us.Source.Other = http =>
        {
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        };
        var began = TimeProvider.System.GetUtcNow().AddSeconds(-1);

        Assert.False(await RepairAsync(region, attempts));

        var delay = Assert.Single(await region.Region.Metadata.ListSetAsideAsync()).NotBefore - began;
        Assert.InRange(delay.TotalSeconds, seconds, seconds + (TimeProvider.System.GetUtcNow() - began).TotalSeconds);
    }

    private static Task<bool> RepairAsync(LostHome region, int attempts = 0) =>
        region.Repair.TryRepairAsync(new FeedPosition(Us, default, 1), App, attempts, default).OrFail("the repair");

    private sealed class BrokenSpools : ISpoolFolder, ISpoolFile
    {
        public ISpoolFile Create() => this;

        public Stream OpenWrite() => new BrokenStream();

        public Stream OpenRead() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("The disk is broken.");

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("The disk is broken.");
    }
}
