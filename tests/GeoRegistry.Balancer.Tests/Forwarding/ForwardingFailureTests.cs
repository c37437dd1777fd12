using System.Net.Sockets;
using GeoRegistry.Balancer.Forwarding;
using Yarp.ReverseProxy.Forwarder;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>Whose fault a failure is: a region is called silent only for its own.</summary>
public sealed class ForwardingFailureTests
{
    [Fact]
    public void IsRefusal_RegionRefusedOrTookTooLong_Is()
    {
        Assert.True(ForwardingFailure.IsRefusal(Unconnected(SocketError.ConnectionRefused)));
        Assert.True(ForwardingFailure.IsRefusal(new TaskCanceledException("too long", new TimeoutException())));
    }

    [Theory]
    [InlineData(SocketError.TooManyOpenSockets)]
    [InlineData(SocketError.AddressNotAvailable)]
    [InlineData(SocketError.NoBufferSpaceAvailable)]
    public void IsRefusal_EntranceHasNoSocket_IsNotAndAnotherRegionMayBeTried(SocketError error)
    {
        Assert.False(ForwardingFailure.IsRefusal(Unconnected(error)));
        Assert.True(ForwardingFailure.IsUnconnected(Unconnected(error)));
        Assert.True(ForwardingFailure.IsOutOfResources(Unconnected(error)));
    }

    [Fact]
    public void IsRefusal_ConnectionBroke_IsNot()
    {
        var broke = new HttpRequestException(HttpRequestError.ResponseEnded, "ended");

        Assert.False(ForwardingFailure.IsRefusal(broke));
        Assert.False(ForwardingFailure.IsUnsendable(ForwarderError.Request, broke));
    }

    [Fact]
    public async Task IsUnsendable_HeaderInBytesThatHttpCannotCarry_Is()
    {
        using var region = new TcpListener(System.Net.IPAddress.Loopback, 0);
        region.Start();
        using var client = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{region.LocalEndpoint}/v2/");
        request.Headers.TryAddWithoutValidation("X-Forwarded-User", "Jörg 王");

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request, CancellationToken.None));

        Assert.True(ForwardingFailure.IsUnsendable(ForwarderError.Request, failure));
        Assert.False(ForwardingFailure.IsRefusal(failure));
    }

    private static HttpRequestException Unconnected(SocketError error) =>
        new(HttpRequestError.ConnectionError, "no connection", new SocketException((int)error));
}
