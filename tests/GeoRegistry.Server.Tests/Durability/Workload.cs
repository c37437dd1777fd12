using System.Collections.Concurrent;
using GeoRegistry.Server.Tests.Clients;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>What all writers share, over all kills.</summary>
internal sealed class Workload
{
    public const int Writers = 8;

    private const int SharedImages = 4, SharedBlobs = 6, SharedTagCount = 5;

    private long _lastName;

    public Workload(Random random)
    {
        Shared =
        [
            .. from repository in Repositories
               from i in Enumerable.Range(0, SharedImages)
               select Remember(Image.Of(repository, null, $"shared {i}", NewBlob(random), NewBlob(random))),
        ];
        LooseBlobs =
        [
            Remember(new SeededBlob(0, 0)),
            Remember(new SeededBlob(0, 1)),
            .. Enumerable.Range(0, SharedBlobs).Select(_ => NewBlob(random)),
        ];
    }

    public static IReadOnlyList<string> Repositories { get; } = ["team/app", "team/base", "library"];

    /// <summary>Tags that all writers move and delete.</summary>
    public static IReadOnlyList<string> SharedTags { get; } = [.. Enumerable.Range(0, SharedTagCount).Select(i => $"shared-{i}")];

    public History History { get; } = new();

    public Progress Progress { get; } = new();

    /// <summary>Images that all writers push; nobody deletes them.</summary>
    public IReadOnlyList<Image> Shared { get; }

    /// <summary>Blobs of no image, which all writers push and delete.</summary>
    public IReadOnlyList<SeededBlob> LooseBlobs { get; }

    /// <summary>Every blob there was, by its digest.</summary>
    public ConcurrentDictionary<string, SeededBlob> Blobs { get; } = new();

    /// <summary>Every image there was, by repository and digest.</summary>
    public ConcurrentDictionary<(string Repository, string Digest), Image> Images { get; } = new();

    public ConcurrentDictionary<string, OpenUpload> OpenUploads { get; } = new();

    public string NewName(string prefix) => $"{prefix}-{Interlocked.Increment(ref _lastName)}";

    public Image Remember(Image image)
    {
        Images[(image.Repository, $"{image.Digest}")] = image;
        return image;
    }

    /// <summary>A blob like no other. Blobs of no and of one byte are like others, and are among the loose ones only.</summary>
    public SeededBlob NewBlob(Random random)
    {
        var sizeBytes = random.Next(20) switch
        {
            < 13 => random.Next(2, 64 * 1024),
            < 19 => random.Next(64 * 1024, 1024 * 1024),
            _ => random.Next(1024 * 1024, (4 * 1024 * 1024) + 1),
        };
        return Remember(new SeededBlob((ulong)random.NextInt64(), sizeBytes));
    }

    private SeededBlob Remember(SeededBlob blob) => Blobs.GetOrAdd($"{blob.Digest}", blob);
}
