using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Http;

/// <summary>Reads request bodies that are small enough to be held whole.</summary>
internal static class BodyReader
{
    private const int FirstBytes = 16 * 1024;

    /// <summary>Reads the whole body.</summary>
    /// <returns>The bytes, or null where there are more than the limit.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadWholeAsync(HttpRequest request, int limitBytes, CancellationToken cancellation)
    {
        if (request.ContentLength > limitBytes) return null;
        var buffer = new byte[(request.ContentLength ?? FirstBytes) + 1];
        for (var filled = 0; ;)
        {
            if (filled == buffer.Length) Array.Resize(ref buffer, Math.Min(buffer.Length * 2, limitBytes + 1));
            var read = await request.Body.ReadAsync(buffer.AsMemory(filled), cancellation).ConfigureAwait(false);
            filled += read;
            if (filled > limitBytes) return null;
            if (read == 0) return buffer.AsMemory(0, filled);
        }
    }
}
