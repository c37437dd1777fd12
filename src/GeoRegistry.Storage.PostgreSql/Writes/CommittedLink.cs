namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>What commits say of a blob in a repository: that it has it.</summary>
/// <param name="SizeBytes">The blob's size.</param>
internal sealed record CommittedLink(long SizeBytes);

/// <summary>A tag's row.</summary>
/// <param name="Digest">The manifest that it names.</param>
internal sealed record TagTarget(Protocol.Digest Digest);
