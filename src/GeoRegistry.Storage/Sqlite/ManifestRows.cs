using GeoRegistry.Ledgers.Stores;
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
        return StoredManifest.Read(row.GetBytes(1), row.GetString(0), digest);
    }
}
