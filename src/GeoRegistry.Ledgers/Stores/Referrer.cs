using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Stores;

/// <summary>One entry of a referrers list.</summary>
/// <param name="Digest">The manifest that has the subject.</param>
/// <param name="Descriptor">Its descriptor as UTF-8 JSON.</param>
public sealed record Referrer(Digest Digest, ReadOnlyMemory<byte> Descriptor);
