using GeoRegistry.Ledgers.Commits;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>One entry of a feed as it is to be applied.</summary>
/// <param name="Position">Its place in the feed.</param>
/// <param name="Ledger">The commit's ledger; null where the source withheld the commit, because this region may not have it.</param>
/// <param name="Commit">The commit; null where it was withheld or cannot be read here.</param>
/// <param name="Encoded">The commit's wire form; empty where it was withheld.</param>
/// <param name="Checksum">The ledger's checksum after it, as the source has it; empty where it was withheld.</param>
/// <param name="Missing">Blobs that it names, that are to be here, and that the blob store lacks.</param>
public sealed record ReplicaEntry(
    long Position,
    LedgerId? Ledger,
    Commit? Commit,
    ReadOnlyMemory<byte> Encoded,
    ReadOnlyMemory<byte> Checksum,
    IReadOnlyList<MissingBlob> Missing);

/// <summary>The outcome of applying entries.</summary>
/// <param name="Cursor">How far the feed is applied now.</param>
/// <param name="Faulty">The ledger of the entry after the cursor, where that entry does not continue its history here or cannot be
/// read; null where all were applied.</param>
public sealed record ApplyOutcome(FeedCursor Cursor, LedgerId? Faulty);
