using GeoRegistry.Ledgers.Verification;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>What a transaction changes of a ledger's contents: the hashes of rows that come, less those of rows that go.</summary>
internal sealed class ContentsChange
{
    /// <summary>The change.</summary>
    public ContentsChecksum Sum { get; private set; }

    public void Add(ContentsChecksum row) => Sum += row;

    public void Remove(ContentsChecksum row) => Sum -= row;
}
