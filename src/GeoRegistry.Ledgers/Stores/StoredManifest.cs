using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>Manifests as databases have them: their exact bytes.</summary>
public static class StoredManifest
{
    /// <summary>Reads a manifest back from its exact bytes.</summary>
    /// <exception cref="InvalidDataException">They are not the manifest: the row is damaged, and nobody may be answered with
    /// it.</exception>
    public static Manifest Read(byte[] content, string mediaType, Digest digest) =>
        Digest.Of(content, digest.Algorithm) == digest
            && ManifestReader.Read(content, mediaType, digest) is ManifestReading.Accepted accepted
            ? accepted.Manifest
            : throw new InvalidDataException($"The stored manifest {digest} cannot be read.");
}
