namespace GeoRegistry.Cli.Api;

/// <summary>Writes the targets of requests.</summary>
internal static class Target
{
    /// <summary>A path with those of the parameters that have a value.</summary>
    public static string Of(string path, params (string Name, string? Value)[] parameters)
    {
        var query = parameters
            .Where(parameter => parameter.Value is not null)
            .Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}");
        return string.Join('&', query) is { Length: > 0 } text ? $"{path}?{text}" : path;
    }
}
