using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.FrontDoor.Tests.Clauses;

/// <summary>The clause that a test proves, shown as a trait: <c>dotnet test --filter "MUST~Docker-Content-Digest"</c>.</summary>
/// <param name="section">The specification's heading, or GeoRegistry's own subject for a promise.</param>
/// <param name="level">One of <see cref="Level"/>.</param>
/// <param name="quote">The specification's words without markup; those of MUST and SHOULD are in <c>spec-clauses.txt</c>.</param>
[TraitDiscoverer("GeoRegistry.FrontDoor.Tests.Clauses.ClauseDiscoverer", "GeoRegistry.FrontDoor.Tests")]
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ClauseAttribute(string section, string level, string quote) : Attribute, ITraitAttribute
{
    public string Section { get; } = section;

    public string Level { get; } = level;

    public string Quote { get; } = quote;
}

/// <summary>Turns a <see cref="ClauseAttribute"/> into a trait.</summary>
public sealed class ClauseDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute)
    {
        var arguments = traitAttribute.GetConstructorArguments().Cast<string>().ToArray();
        yield return new KeyValuePair<string, string>(arguments[1], $"§{arguments[0]}: {arguments[2]}");
    }
}
