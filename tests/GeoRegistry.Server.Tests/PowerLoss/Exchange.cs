namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>A request, and the head of the answer to it.</summary>
internal sealed record Exchange(string Method, Uri Target, int Status, IReadOnlyDictionary<string, string> Headers)
{
    public override string ToString() => $"{Method} {Target.PathAndQuery} → {Status}";
}
