using System.Security.Cryptography;
using System.Text;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>What the region remembers about itself, in two rows that say the same: no other region could give it back.</summary>
internal static class RegionRecordRows
{
    private const string Rows =
        "SELECT copy, topology, longest_lease, shown_through, row_checksum FROM region_records WHERE copy IN (1, 2) ORDER BY copy";

    /// <summary>Reads the record from the first row that has its checksum.</summary>
    /// <exception cref="InvalidDataException">Neither has.</exception>
    public static RegionRecord Read(SqliteSession session) => List(session).FirstOrDefault(row => row.IsWhole).Record
        ?? throw new InvalidDataException(
            "Both copies of what this region remembers about itself are damaged (metadata.db, table region_records): "
            + "restore metadata.db from a backup, or begin with an empty data folder, which the other regions fill again.");

    /// <summary>Changes the rows that are whole. A damaged one stays damaged until <see cref="Repair"/>, so that it is found.</summary>
    public static void Change(SqliteSession session, Func<RegionRecord, RegionRecord> change)
    {
        var next = change(Read(session));
        foreach (var row in List(session).Where(row => row.IsWhole)) Write(session, row.Copy, next);
    }

    /// <summary>Whether a row does not have its checksum.</summary>
    public static bool IsAnyDamaged(SqliteSession session) => List(session) is not [{ IsWhole: true }, { IsWhole: true }];

    /// <summary>Makes both rows say what the whole one says.</summary>
    public static void Repair(SqliteSession session)
    {
        var record = Read(session);
        session.Execute("DELETE FROM region_records");
        for (var copy = 1L; copy <= 2; copy++)
        {
            session.Execute("INSERT INTO region_records (copy) VALUES ($1)", copy);
            Write(session, copy, record);
        }
    }

    private static List<(long Copy, RegionRecord Record, bool IsWhole)> List(SqliteSession session) => session.List(
        row =>
        {
            var record = new RegionRecord(row.GetFieldValue<byte[]>(1), TimeSpan.FromMilliseconds(row.GetInt64(2)), row.GetInt64(3));
            // One of an earlier build has none yet and counts as whole.
            var isWhole = row.IsDBNull(4) || row.GetFieldValue<byte[]>(4).AsSpan().SequenceEqual(Checksum(record));
            return (row.GetInt64(0), record, isWhole);
        },
        Rows);

    private static void Write(SqliteSession session, long copy, RegionRecord record) => session.Execute(
        "UPDATE region_records SET topology = $2, longest_lease = $3, shown_through = $4, row_checksum = $5 WHERE copy = $1",
        copy, record.Topology.ToArray(), (long)record.LongestLease.TotalMilliseconds, record.ShownThrough, Checksum(record));

    private static byte[] Checksum(RegionRecord record) => SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{Convert.ToHexString(record.Topology.Span)}\n{(long)record.LongestLease.TotalMilliseconds}\n{record.ShownThrough}"));
}
