using GeoRegistry.Cluster.Tests.Histories;
using GeoRegistry.Cluster.Tests.Load;

namespace GeoRegistry.Cluster.Tests.Chaos;

/// <summary>
/// The images that were pushed last, and deleted last, for all who pull them by digest, delete them, or push them again.
/// </summary>
internal sealed class PushedImages
{
    /// <summary>Few enough that clients meet at the same ones.</summary>
    private const int MaxImages = 60, MaxDeleted = 5;

    private readonly Lock _lock = new();
    private readonly Queue<(ManifestName Name, TestImage Image)> _images = new();
    private readonly Queue<ManifestName> _deleted = new();

    /// <param name="name">The tag that it was pushed under, or its digest.</param>
    /// <param name="image">What was pushed.</param>
    public void Add(ManifestName name, TestImage image)
    {
        lock (_lock)
        {
            _images.Enqueue((name, image));
            if (_images.Count > MaxImages) _images.Dequeue();
        }
    }

    /// <summary>Records that a manifest was deleted.</summary>
    public void NoteDeleted(ManifestName digest)
    {
        lock (_lock)
        {
            _deleted.Enqueue(digest);
            if (_deleted.Count > MaxDeleted) _deleted.Dequeue();
        }
    }

    /// <summary>What was deleted lately, which a region that is behind may still have; null before the first.</summary>
    public ManifestName? PickDeleted(Random random)
    {
        lock (_lock) return _deleted.Count == 0 ? null : _deleted.ElementAt(random.Next(_deleted.Count));
    }

    /// <summary>One of them; null before the first.</summary>
    public (ManifestName Name, TestImage Image)? Pick(Random random)
    {
        lock (_lock) return _images.Count == 0 ? null : _images.ElementAt(random.Next(_images.Count));
    }

    /// <summary>Some images of a repository, without indexes.</summary>
    public IReadOnlyList<TestImage> Of(string repository, int count)
    {
        lock (_lock)
            return [.. _images
                .Where(image => image.Name.Repository == repository && image.Image.Children.Count == 0)
                .Select(image => image.Image)
                .DistinctBy(image => image.Digest)
                .Take(count)];
    }
}
