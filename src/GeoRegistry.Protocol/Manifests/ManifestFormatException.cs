namespace GeoRegistry.Protocol.Manifests;

/// <summary>Ends the reading of a manifest from within nested readers; never leaves <see cref="ManifestReader"/>.</summary>
internal sealed class ManifestFormatException(string message) : Exception(message);
