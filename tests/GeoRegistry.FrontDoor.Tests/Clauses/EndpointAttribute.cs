namespace GeoRegistry.FrontDoor.Tests.Clauses;

/// <summary>The rows of the specification's endpoint table that a test, or each test of a class, is about.</summary>
/// <param name="ids">Such as <c>end-3</c>.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
public sealed class EndpointAttribute(params string[] ids) : Attribute
{
    public IReadOnlyList<string> Ids { get; } = ids;
}
