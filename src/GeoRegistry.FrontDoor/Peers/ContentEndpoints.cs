using System.Globalization;
using System.Text.Json;
using GeoRegistry.FrontDoor.Admin;
using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.FrontDoor.Oci;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Regions.Control;
using GeoRegistry.Replication.Blobs;
using GeoRegistry.Replication.Receipts;
using GeoRegistry.Replication.Tails;
using GeoRegistry.Repositories.Blobs;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Peers;

/// <summary>What other regions ask about content: blobs by digest, who has them, and whether commits are complete here.</summary>
internal sealed class ContentEndpoints(
    RegionMap map, IBlobStore store, IRepositoryTables tables, IAnnouncements announcements, TailStates tails, Completion completion,
    IBlobCopies? copies = null)
{
    private const string Blob = "/peer/blobs/", Receipts = "/peer/receipts/";

    /// <summary>Finds the endpoint of a path.</summary>
    public Func<HttpContext, RegionId, Task>? Find(string method, string path) => (method, path) switch
    {
        ("GET", _) when path.StartsWith(Blob, StringComparison.Ordinal) => (http, _) => BlobAsync(http, path[Blob.Length..]),
        ("GET", _) when path.StartsWith(BlobOffer.Path, StringComparison.Ordinal) =>
            (http, _) => OfferAsync(http, path[BlobOffer.Path.Length..]),
        ("GET", _) when path.StartsWith(Receipts, StringComparison.Ordinal) => (http, _) => ReceiptAsync(http, path[Receipts.Length..]),
        ("POST", "/peer/links") => LinkAsync,
        ("POST", "/peer/links/find") => FindLinksAsync,
        _ => null,
    };

    private async Task BlobAsync(HttpContext http, string text)
    {
        var reader = Digest.TryParse(text, out var digest)
            ? await store.OpenAsync(digest, http.RequestAborted).ConfigureAwait(false) : null;
        if (reader is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var content = new BlobContent(reader);
        await using (content.ConfigureAwait(false)) await BlobResponse.SendAsync(http, digest, content).ConfigureAwait(false);
    }

    /// <summary>204 where the blob is not here, as nothing can be copied then; 501 where this region's store offers nothing.</summary>
    private async Task OfferAsync(HttpContext http, string text)
    {
        if (copies is null) http.Response.StatusCode = StatusCodes.Status501NotImplemented;
        else if (!Digest.TryParse(text, out var digest)
            || await store.FindAsync(digest, http.RequestAborted).ConfigureAwait(false) is null)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else if (await copies.OfferAsync(digest, http.RequestAborted).ConfigureAwait(false) is { } url)
            await http.Response.WriteAsJsonAsync(new BlobOffer(url.AbsoluteUri), http.RequestAborted).ConfigureAwait(false);
        else http.Response.StatusCode = StatusCodes.Status501NotImplemented;
    }

    private async Task LinkAsync(HttpContext http, RegionId region)
    {
        var query = http.Request.Query;
        if (RepositoryName.TryParse(query["repository"].ToString(), out var repository)
            && Digest.TryParse(query["digest"], out var digest)
            && TryNumber("size", out var sizeBytes)
            && TryNumber("id", out var id)
            && TryNumber("first", out var firstId))
        {
            // Taken here it would be confirmed, and the home would never hear of it.
            if (map.Current.HomeOf(repository).Region is var home && home != map.Self)
            {
                await ErrorResponse.WriteAsync(http, RegistryError.Of(
                    ErrorCode.Unavailable,
                    $"Region {map.Self} is not the home of {repository}, which is {home}.")).ConfigureAwait(false);
                return;
            }

            var number = await announcements.TakeAnnouncementAsync(
                region, new BlobAnnouncement(repository, digest, sizeBytes, id, firstId), http.RequestAborted).ConfigureAwait(false);
            await http.Response.WriteAsJsonAsync(new LinkReply(number), http.RequestAborted).ConfigureAwait(false);
        }
        else
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                "A link has a repository, a digest, a size, an id and the first id to be announced.")
                with { Status = 400 }).ConfigureAwait(false);
        }

        bool TryNumber(string name, out long number) =>
            long.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private async Task FindLinksAsync(HttpContext http, RegionId region)
    {
        if (await ReadQuestionAsync(http).ConfigureAwait(false) is not var (repository, digests, after, incarnation))
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                "A repository, digests and a position are required.") with { Status = 400 }).ConfigureAwait(false);
            return;
        }

        // The caller waits no longer than that.
        var tail = tails.Of(region);
        if (tail is not null) await tail.Applied.WaitForAsync(after, http.RequestAborted).ConfigureAwait(false);
        var found = new List<BlobLink>();
        // Numbers of another incarnation say nothing of what was deleted.
        var isOther = tail is { Incarnation.IsNone: false } && incarnation.Length > 0 && tail.Incarnation.ToString() != incarnation;
        foreach (var digest in isOther ? [] : digests)
        {
            if (await tables.FindBlobAsync(repository, digest, http.RequestAborted).ConfigureAwait(false) is { } sizeBytes)
            {
                found.Add(new BlobLink(digest.ToString(), sizeBytes)
                {
                    Announcement = await announcements.FindAnnouncementAsync(repository, digest, http.RequestAborted)
                        .ConfigureAwait(false),
                });
            }
        }

        await http.Response.WriteAsJsonAsync(found, http.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<(RepositoryName Repository, IReadOnlyList<Digest> Digests, long After, string Incarnation)?>
        ReadQuestionAsync(HttpContext http)
    {
        try
        {
            var asked = await JsonSerializer.DeserializeAsync<FindLinks>(
                http.Request.Body, JsonSerializerOptions.Web, http.RequestAborted).ConfigureAwait(false);
            return asked is { Repository: not null, Digests: not null }
                ? (RepositoryName.Parse(asked.Repository),
                    [.. asked.Digests.Select(digest => Digest.Parse(digest ?? ""))],
                    asked.After,
                    asked.Incarnation ?? "")
                : null;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }

    private async Task ReceiptAsync(HttpContext http, string text)
    {
        if (!FeedPosition.TryParse(text, out var receipt)
            || !RepositoryName.TryParse(http.Request.Query["repository"].ToString(), out var repository)
            || !ReplicationEndpoints.TryWait(http.Request.Query["wait"].ToString(), out var wait)
            || !TryImage(http, out var image))
        {
            await ErrorResponse.WriteAsync(http, RegistryError.Of(
                ErrorCode.Unsupported,
                "A receipt, its repository and a time to wait are required; an image's digest is optional.")
                with { Status = 400 }).ConfigureAwait(false);
            return;
        }

        await http.Response.WriteAsJsonAsync(
            await completion.AwaitHereAsync(repository, receipt, image, wait, http.RequestAborted).ConfigureAwait(false),
            http.RequestAborted).ConfigureAwait(false);
    }

    private static bool TryImage(HttpContext http, out Digest? image)
    {
        var text = http.Request.Query["image"].ToString();
        image = Digest.TryParse(text, out var digest) ? digest : null;
        return image is not null || text.Length == 0;
    }
}
