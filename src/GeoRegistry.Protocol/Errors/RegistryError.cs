namespace GeoRegistry.Protocol.Errors;

/// <summary>One error as a client sees it: <c>{code, message, detail}</c>.</summary>
/// <param name="Code">The row of the error table.</param>
/// <param name="Message">What happened and, where there is one, the remedy; one sentence.</param>
/// <param name="Detail">Names and values that a program can use; empty where there is nothing to add.</param>
/// <remarks>Source: OCI Distribution Spec v1.1 §Error Codes.</remarks>
public sealed record RegistryError(ErrorCode Code, string Message, IReadOnlyDictionary<string, string> Detail)
{
    private static readonly IReadOnlyDictionary<string, string> NoDetail = new Dictionary<string, string>();

    /// <summary>The HTTP status; the table's, unless the case asks for another.</summary>
    public int Status { get; init; } = Code.Status;

    /// <summary>An error with a message of its own, or the table's where none is given, and details by name.</summary>
    public static RegistryError Of(ErrorCode code, string? message = null, params ReadOnlySpan<(string Name, string Value)> detail)
    {
        if (detail.IsEmpty) return new RegistryError(code, message ?? code.Message, NoDetail);
        var named = new Dictionary<string, string>(detail.Length);
        foreach (var (name, value) in detail) named[name] = value;
        return new RegistryError(code, message ?? code.Message, named);
    }
}
