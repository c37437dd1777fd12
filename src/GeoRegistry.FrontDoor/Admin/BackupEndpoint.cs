using System.Diagnostics.CodeAnalysis;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Protocol.Errors;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Admin;

/// <summary>Sends an archive of this region's metadata, of a region that is alone, too. Another's is asked of that region.</summary>
internal sealed class BackupEndpoint(IMetadataArchive archive, RegionId self)
{
    private const string Path = $"{AdminApi.Prefix}backup";

    /// <summary>Answers a request for a backup.</summary>
    /// <returns>Whether it is one.</returns>
    public bool TryHandle(HttpContext http, [NotNullWhen(true)] out Task? answer)
    {
        answer = HttpMethods.IsGet(http.Request.Method) && http.Request.Path == Path ? AnswerAsync(http) : null;
        return answer is not null;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var asked = http.Request.Query["region"].ToString();
        if (asked.Length > 0 && asked != self.ToString())
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                $"This is region {self}: ask region {asked} for its backup at its own address.") with { Status = 404 })
                .ConfigureAwait(false);
            return;
        }

        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = "application/octet-stream";
        try
        {
            await archive.ExportAsync(http.Response.Body, http.RequestAborted).ConfigureAwait(false);
        }
        catch (InvalidDataException e) when (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await ErrorResponse.WriteAsync(http, RegistryError.Of(ErrorCode.Unavailable, e.Message)).ConfigureAwait(false);
        }
    }
}
