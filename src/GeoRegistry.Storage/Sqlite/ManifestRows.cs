using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The rows of manifests.</summary>
internal static class ManifestRows
{
    /// <summary>Finds a manifest of a ledger.</summary>
    public static Manifest? Find(SqliteSession session, long ledger, Digest digest)
    {
        using var row = session.Query(
            "SELECT media_type, content FROM manifests WHERE ledger = $1 AND digest = $2", ledger, digest.ToKey());
        if (!row.Read()) return null;
        return Read(row.GetBytes(1), row.GetString(0), digest);
    }

    /// <summary>Reads a manifest back from its exact bytes.</summary>
    /// <exception cref="InvalidDataException">They are not the manifest: the row is damaged, and nobody may be answered with
    /// it.</exception>
    public static Manifest Read(byte[] content, string mediaType, Digest digest) =>
        Digest.Of(content, digest.Algorithm) == digest
            && ManifestReader.Read(content, mediaType, digest) is ManifestReading.Accepted accepted
            ? accepted.Manifest
            : throw new InvalidDataException($"The stored manifest {digest} cannot be read.");
}
