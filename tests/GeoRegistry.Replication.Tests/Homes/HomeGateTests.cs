using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Replication.Feeds;
using GeoRegistry.Replication.Tests.Following;
using GeoRegistry.TestKit;
using Microsoft.AspNetCore.Http;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Homes;

/// <summary>What a home that starts knows before it appends.</summary>
public sealed class HomeGateTests
{
    /// <summary>
    /// A backup from before the home was resumed: a region that did not hear of that follows nothing which is not in the backup.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_TopologyNamesAnotherIncarnationThanTheData_StaysClosed(bool isOther)
    {
        await using var us = await TestHome.StartAsync();
        await using var home = new LostHome(us.Source.Address);
        var own = (await home.Region.Metadata.ReadFeedExtentAsync(Eu)).Incarnation;
        home.Region.Map.Replace(home.Region.Map.Current.WithIncarnation(Eu, isOther ? Incarnation.New() : own));
        var others = us.Source.Other;
        us.Source.Other = http => http.Request.Path.Value == "/peer/followed"
            ? http.Response.WriteAsJsonAsync(FeedEnd.Of(new FeedCursor(own, 0, default), topology: 1))
            : others(http);

        await home.Gate.RunAsync(default).OrFail("the home knows whether it takes writes");

        Assert.Equal(isOther, home.Gate.HasLostData);
        Assert.Equal(isOther, home.Gate.Reason is not null);
    }
}
