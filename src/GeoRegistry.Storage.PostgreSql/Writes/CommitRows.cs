using GeoRegistry.Ledgers.Commits;
using Npgsql;
using NpgsqlTypes;

namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>The rows of kept commits.</summary>
internal static class CommitRows
{
    /// <summary>The column of the writes that commits carry out; null for those that have no id.</summary>
    public static NpgsqlParameter WriteIds(IEnumerable<Commit> commits) => new NpgsqlParameter<byte[]?[]>
    {
        TypedValue = [.. commits.Select(commit => commit.Write.IsNone ? null : commit.Write.ToBytes())],
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
    };
}
