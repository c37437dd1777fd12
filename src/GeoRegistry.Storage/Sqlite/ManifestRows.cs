using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The rows of manifests.</summary>
internal static class ManifestRows
{
    /// <summary>Reads a manifest back from its exact bytes.</summary>
    /// <exception cref="InvalidDataException">What is stored cannot be read as a manifest.</exception>
    public static Manifest? Find(SqliteSession session, long ledger, Digest digest)
    {
        using var row = session.Query("SELECT media_type, content FROM manifests WHERE ledger = $1 AND digest = $2", ledger, digest.ToKey());
        if (!row.Read()) return null;
        return ManifestReader.Read(row.GetFieldValue<byte[]>(1), row.GetString(0), digest) is ManifestReading.Accepted accepted
            ? accepted.Manifest
            : throw new InvalidDataException($"The stored manifest {digest} cannot be read.");
    }
}
