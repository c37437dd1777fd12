using System.Collections.Concurrent;
using System.Net;
using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>Pushes, moves and deletes the same tags, manifests and blobs as all others do.</summary>
internal sealed class ChaosWriter
{
    private const string UnreadRepository = "unread/images";

    private readonly ConcurrentDictionary<string, int> _done = new();

    public static IReadOnlyList<ManifestName> Tags { get; } =
    [
        .. from repository in (string[])
           [
               "chaos/a", "chaos/b", "us-team/chaos/a", "us-team/chaos/b", "ap-team/chaos/a", "ap-team/chaos/b",
               .. ChaosPolicies.Prefixes.Select(prefix => $"{prefix}/a"),
           ]
           from tag in new[] { "1", "2", "3" }
           select new ManifestName(repository, tag),
    ];

    public PushedImages Images { get; } = new();

    /// <summary>The blobs that nobody reads before the end.</summary>
    public ConcurrentQueue<string> Unread { get; } = new();

    /// <summary>The blobs whose deletion may have happened.</summary>
    public ConcurrentDictionary<(string Repository, string Digest), bool> DeletedBlobs { get; } = new();

    /// <summary>How often each kind of write was acknowledged.</summary>
    public IReadOnlyDictionary<string, int> Done => _done;

    /// <summary>Every kind of write.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
    [
        "images pushed under a tag", "images pushed by digest", "images pushed again", "indexes pushed", "images pushed if absent",
        "tags moved if as expected", "tags deleted", "manifests deleted", "blobs deleted", "blobs kept because a manifest names them",
        "unread images pushed",
    ];

    /// <summary>Makes one write, or some that belong together.</summary>
    public async Task WriteAsync(RecordingClient client, Random random)
    {
        var tag = Tags[random.Next(Tags.Count)];
        var image = TestImage.Next(random, random.Next(100, 20_000));
        var known = Images.Pick(random);
        switch (random.Next(100))
        {
            case < 8:
                Count("tags deleted", await client.DeleteAsync(tag));
                break;
            case < 16 when known is var (name, old):
                await DeleteManifestAsync(client, name.ByDigest(old.Digest));
                break;
            case < 22 when known is var (name, old):
                await DeleteBlobsAsync(client, name, old);
                break;
            case < 30 when known is var (name, old):
                if (await DeleteManifestAsync(client, name.ByDigest(old.Digest))) await DeleteBlobsAsync(client, name, old);
                break;
            case < 38 when known is var (name, old):
                Count("images pushed again", await client.PushAsync(name, old));
                break;
            case < 46:
                if (await client.TryPushContentAsync(tag, image) && await client.CreateAsync(tag, image))
                    Pushed("images pushed if absent", tag, image);
                break;
            case < 54:
                if ((await client.LookAsync(tag))?.Digest is { } expected
                    && await client.TryPushContentAsync(tag, image)
                    && await client.MoveAsync(tag, expected, image))
                {
                    Pushed("tags moved if as expected", tag, image);
                }

                break;
            case < 64:
                if (await client.PushAsync(tag.ByDigest(image.Digest), image))
                    Pushed("images pushed by digest", tag.ByDigest(image.Digest), image);
                break;
            case < 67:
                if (!await client.PushAsync(new ManifestName(UnreadRepository, image.Digest), image)) break;
                foreach (var blob in image.Blobs) Unread.Enqueue(blob.Digest);
                Count("unread images pushed");
                break;
            case < 71 when Images.Of(tag.Repository, 2) is { Count: > 0 } children:
                var index = TestImage.IndexOf(children);
                if (await client.PushAsync(tag, index)) Pushed("indexes pushed", tag, index);
                break;
            default:
                if (await client.PushAsync(tag, image)) Pushed("images pushed under a tag", tag, image);
                break;
        }
    }

    private async Task<bool> DeleteManifestAsync(RecordingClient client, ManifestName digest)
    {
        var isDeleted = await client.DeleteAsync(digest);
        if (isDeleted) Images.NoteDeleted(digest);
        Count("manifests deleted", isDeleted);
        return isDeleted;
    }

    // Refused while a manifest names one.
    private async Task DeleteBlobsAsync(RecordingClient client, ManifestName name, TestImage image)
    {
        foreach (var blob in image.Blobs)
        {
            var status = await client.DeleteBlobAsync(name.Repository, blob.Digest);
            if (status is null or HttpStatusCode.Accepted or >= HttpStatusCode.InternalServerError)
                DeletedBlobs[(name.Repository, blob.Digest)] = true;
            Count("blobs deleted", status == HttpStatusCode.Accepted);
            Count("blobs kept because a manifest names them", status == HttpStatusCode.MethodNotAllowed);
        }
    }

    private void Pushed(string kind, ManifestName name, TestImage image)
    {
        Images.Add(name, image);
        Count(kind);
    }

    private void Count(string kind, bool done = true)
    {
        if (done) _done.AddOrUpdate(kind, 1, (_, count) => count + 1);
    }
}
