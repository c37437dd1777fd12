using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;

namespace GeoRegistry.Server.Tests.Durability;

/// <summary>
/// A manifest that writers push, and its blobs. One writer owns it and may delete it; one without an owner is pushed by
/// all and deleted by nobody.
/// </summary>
internal sealed record Image(string Repository, int? Owner, Digest Digest, byte[] Manifest, IReadOnlyList<SeededBlob> Blobs)
{
    public static Image Of(string repository, int? owner, string note, params IReadOnlyList<SeededBlob> blobs)
    {
        var manifest = ImageManifest.Of(note, [.. blobs.Select(blob => (blob.Digest, (long)blob.SizeBytes))]);
        return new Image(repository, owner, Digest.Of(manifest), manifest, blobs);
    }

    /// <summary>What a push of the manifest with these tags writes. Its blobs are there when it has happened.</summary>
    public RegisterWrite[] PutWrites(IEnumerable<string> tags) =>
    [
        RegisterWrite.Manifest(Repository, $"{Digest}", exists: true),
        .. tags.Select(tag => RegisterWrite.Tag(Repository, tag, $"{Digest}")),
        .. Blobs.Select(blob => blob.Digest).Distinct().Select(digest => RegisterWrite.Blob(Repository, $"{digest}", exists: true)),
    ];
}
