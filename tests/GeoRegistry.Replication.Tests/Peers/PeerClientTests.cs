using System.Net.Sockets;
using GeoRegistry.Replication.Peers;
using GeoRegistry.Replication.Tests.Hydration;
using GeoRegistry.Repositories;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Peers;

public sealed class PeerClientTests
{
    /// <summary>A region that can open no more connections says so of itself, and not of the region that it wanted to ask.</summary>
    [Theory]
    [InlineData(SocketError.TooManyOpenSockets, "itself can open no connection to eu")]
    [InlineData(SocketError.AddressNotAvailable, "itself can open no connection to eu")]
    [InlineData(SocketError.ConnectionRefused, "Region eu cannot be reached from us")]
    public void Unreachable_OfAFailedConnection_NamesTheRegionThatFailed(SocketError error, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Child("key"), new string('k', 32));
        var clock = new CountingTimeProvider();
        using var peers = new PeerClient(Map(Us), new PeerOptions { KeyFile = folder.Child("key") }, clock);
        using var timeout = peers.StartTimeout(TimeSpan.FromSeconds(1));

        var failure = peers.Unreachable(Eu, new HttpRequestException("no", new SocketException((int)error)), timeout);

        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>A region may have to hash a blob first, which says nothing of what else it is asked.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task SendAsync_NoAnswerInTime_IsSuspectUnlessItWasAskedForABlob(bool bulk, bool isSuspect)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Child("key"), new string('k', 32));
        var blob = SampleBlob.Of("content");
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var source = await TestSource.StartAsync(blob);
        source.Send = async (http, _) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        };
        var clock = new CountingTimeProvider();
        var options = new PeerOptions { KeyFile = folder.Child("key"), Addresses = $"eu={source.Address}" };
        using var peers = new PeerClient(Map(Us), options, clock);
        var timeout = TimeSpan.FromSeconds(5);

        var asking = peers.SendAsync(
            Eu, HttpMethod.Get, $"/peer/blobs/{blob.Digest}", CancellationToken.None, timeout, bulk: bulk);
        await asked.Task.OrFail("the request");
        clock.Advance(timeout);

        await Assert.ThrowsAsync<OtherRegionsUnreachableException>(() => asking.OrFail("the end of the request"));
        Assert.Equal(isSuspect, peers.IsSuspect(Eu));
    }
}
