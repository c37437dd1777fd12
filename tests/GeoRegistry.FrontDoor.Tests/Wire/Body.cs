using System.Net;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>The bodies that requests carry.</summary>
internal static class Body
{
    public const string OctetStream = "application/octet-stream";

    /// <summary>Bytes with a <c>Content-Length</c>.</summary>
    public static HttpContent Of(byte[] bytes, string? contentType = OctetStream) => Typed(new ByteArrayContent(bytes), contentType);

    /// <summary>Bytes with <c>Transfer-Encoding: chunked</c>, whose length is not known before their end.</summary>
    public static HttpContent Chunked(byte[] bytes, string? contentType = OctetStream) =>
        Typed(new UnknownLengthContent(bytes), contentType);

    private static HttpContent Typed(HttpContent content, string? contentType)
    {
        if (contentType is not null) content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return content;
    }

    private sealed class UnknownLengthContent(byte[] bytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) => await stream.WriteAsync(bytes);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
