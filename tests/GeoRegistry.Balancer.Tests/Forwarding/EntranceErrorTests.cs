using System.Text;
using GeoRegistry.Balancer.Forwarding;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.Balancer.Tests.Forwarding;

/// <summary>What the entrance answers itself has the form of a region's errors.</summary>
public sealed class EntranceErrorTests
{
    [Theory]
    [InlineData("GET", 503)]
    [InlineData("HEAD", 503)]
    [InlineData("PUT", 400)]
    public async Task WriteAsync_AnyFault_IsNotCacheable(string method, int status)
    {
        var http = Request(method);
        http.Response.Headers.CacheControl = "max-age=60";
        http.Response.Headers.ETag = "\"content\"";

        await EntranceError.WriteAsync(http, status, "why");

        Assert.Equal((status, "no-store"), (http.Response.StatusCode, http.Response.Headers.CacheControl.ToString()));
        Assert.Empty(http.Response.Headers.ETag.ToString());
    }

    [Fact]
    public async Task WriteAsync_MessageWithPlusAndQuotes_IsWrittenAsARegionWritesIt()
    {
        var http = Request("GET");

        await EntranceError.WriteAsync(http, 503, "a+b, 'c' & \"d\"");

        Assert.Equal(
            """{"errors":[{"code":"UNAVAILABLE","message":"a+b, 'c' & \"d\"","detail":{}}]}""",
            Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray()));
    }

    private static DefaultHttpContext Request(string method)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = method;
        http.Response.Body = new MemoryStream();
        return http;
    }
}
