using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Ledgers.Stores;
using Microsoft.Data.Sqlite;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>What the region remembers about itself, in two tables that say the same: no other region could give it back.</summary>
/// <remarks>Two tables share no page, so that a damaged page leaves one of them whole.</remarks>
internal static class RegionRecordRows
{
    private static readonly string[] Copies = ["region_record", "region_record_copy"];

    /// <summary>Reads the record from the first copy that is whole.</summary>
    /// <exception cref="InvalidDataException">Neither is.</exception>
    public static RegionRecord Read(SqliteSession session) =>
        Copies.Select(copy => TryRead(session, copy)).FirstOrDefault(record => record is not null)
        ?? throw new InvalidDataException(
            "Both copies of the region record are damaged (metadata.db, tables region_record and "
            + "region_record_copy): restore metadata.db from a backup. Without one, begin with an empty data folder: the other "
            + "regions fill it again, and if this region is a home, it stays closed until 'georegistry region resume'.");

    /// <summary>Changes the copies that are whole. A damaged one stays damaged until <see cref="Repair"/>, so that it is found.</summary>
    public static void Change(SqliteSession session, Func<RegionRecord, RegionRecord> change)
    {
        var next = change(Read(session));
        foreach (var copy in Copies.Where(copy => TryRead(session, copy) is not null)) Write(session, copy, next);
    }

    /// <summary>Whether a copy is damaged.</summary>
    public static bool IsAnyDamaged(SqliteSession session) => Copies.Any(copy => TryRead(session, copy) is null);

    /// <summary>Makes both copies say what the whole one says.</summary>
    public static void Repair(SqliteSession session)
    {
        var record = Read(session);
        foreach (var copy in Copies)
        {
            session.Execute($"DELETE FROM {copy}");
            session.Execute($"INSERT INTO {copy} (id) VALUES (1)");
            Write(session, copy, record);
        }
    }

    /// <returns>Null where the copy is not there, not readable, or does not have its checksum.</returns>
    private static RegionRecord? TryRead(SqliteSession session, string copy)
    {
        try
        {
            using var row = session.Query($"SELECT topology, longest_lease, shown_through, row_checksum FROM {copy} WHERE id = 1");
            if (!row.Read()) return null;
            var (topology, lease, shown) = (row.GetBytes(0), row.GetInt64(1), row.GetInt64(2));
            // One of an earlier build has none yet and counts as whole.
            return row.IsDBNull(3) || row.GetBytes(3).AsSpan().SequenceEqual(Checksum(topology, lease, shown))
                ? new RegionRecord(topology, TimeSpan.FromMilliseconds(lease), shown)
                : null;
        }
        catch (Exception e) when (e is SqliteException or InvalidCastException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    private static void Write(SqliteSession session, string copy, RegionRecord record)
    {
        var (topology, lease) = (record.Topology.ToArray(), (long)record.LongestLease.TotalMilliseconds);
        session.Execute(
            $"UPDATE {copy} SET topology = $1, longest_lease = $2, shown_through = $3, row_checksum = $4 WHERE id = 1",
            topology, lease, record.ShownThrough, Checksum(topology, lease, record.ShownThrough));
    }

    private static byte[] Checksum(byte[] topology, long lease, long shown) => SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexString(topology)}\n{lease}\n{shown}")));
}
