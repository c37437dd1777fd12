using System.Net.Sockets;
using GeoRegistry.Replication.Peers;
using GeoRegistry.TestKit;
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
}
