namespace GeoRegistry.Balancer.Health;

/// <summary>What came of asking a region whether it is ready for something.</summary>
/// <param name="Answered">Whether it answered at all.</param>
/// <param name="Fault">Why it is not ready; null where it is.</param>
internal sealed record HealthAnswer(bool Answered, string? Fault);
