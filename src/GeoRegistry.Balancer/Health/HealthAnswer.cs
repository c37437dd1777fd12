namespace GeoRegistry.Balancer.Health;

/// <summary>A region's answer to the question whether it is ready for something.</summary>
/// <param name="Answered">Whether it answered at all.</param>
/// <param name="Fault">Why it is not ready; null where it is.</param>
internal sealed record HealthAnswer(bool Answered, string? Fault);
