namespace GeoRegistry.Replication.Tails;

/// <summary>What a source answers to a region that says how far it has come.</summary>
/// <param name="Head">The feed's last position.</param>
/// <param name="LeaseMilliseconds">For how long the region may answer alone, from when it asked; 0 where it may not.</param>
/// <param name="Shown">The position up to which all regions know of every change: what a region has learned after that it does not show alone.</param>
public sealed record ProgressReply(long Head, long LeaseMilliseconds, long Shown);

/// <summary>One row of the list of ledgers that a region is the home of.</summary>
/// <param name="Name">The repository.</param>
/// <param name="Epoch">Its head's epoch.</param>
/// <param name="Number">Its head's number.</param>
/// <param name="Checksum">Its head's checksum, hexadecimal.</param>
public sealed record LedgerRow(string Name, long Epoch, long Number, string Checksum);
