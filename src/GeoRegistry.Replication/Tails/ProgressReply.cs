namespace GeoRegistry.Replication.Tails;

/// <summary>What a source answers to a region that says how far it has come.</summary>
/// <param name="Head">The feed's last number.</param>
/// <param name="LeaseMilliseconds">For how long the region may answer alone, from when it asked; 0 where it may not.</param>
/// <param name="Shown">The number up to which all who hold a lease have followed every change: what a region has learned after that it
/// does not show alone.</param>
/// <param name="Incarnation">The incarnation whose numbers they are; null of a build before this one.</param>
public sealed record ProgressReply(long Head, long LeaseMilliseconds, long Shown, string? Incarnation = null);
