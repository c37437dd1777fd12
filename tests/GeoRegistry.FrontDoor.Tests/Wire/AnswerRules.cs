using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>What holds for every response; each one that the suite receives is checked.</summary>
internal static partial class AnswerRules
{
    private static readonly string[] Codes =
    [
        "BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID",
        "MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID", "MANIFEST_UNKNOWN",
        "NAME_INVALID", "NAME_UNKNOWN", "SIZE_INVALID", "UNAUTHORIZED", "DENIED", "UNSUPPORTED", "TOOMANYREQUESTS",
    ];

    public static void Check(Answer answer)
    {
        CheckErrors(answer);
        CheckWarnings(answer);
        CheckCaching(answer);
        if (answer.Status == 429 && answer["Retry-After"] is null) throw new XunitException($"{answer} has no Retry-After.");
        if (answer.All("Content-Encoding").Count > 0) throw new XunitException($"{answer} is encoded as {answer["Content-Encoding"]}.");
    }

    // §Error Codes
    private static void CheckErrors(Answer answer)
    {
        if (answer.Status is < 400 or >= 500
            || answer.Body.Length == 0
            || answer.ContentType?.StartsWith("application/json", StringComparison.Ordinal) != true)
        {
            return;
        }

        var errors = answer.Json.GetProperty("errors");
        if (errors.GetArrayLength() == 0) throw new XunitException($"{answer} has no error.");
        foreach (var error in errors.EnumerateArray())
        {
            if (!Codes.Contains(error.GetProperty("code").GetString()))
                throw new XunitException($"{answer} has a code that is not in the table.");
            if (error.GetProperty("message") is not { ValueKind: JsonValueKind.String } message
                || string.IsNullOrWhiteSpace(message.GetString()))
            {
                throw new XunitException($"{answer} has no message.");
            }
        }
    }

    // GeoRegistry: an error is of its request alone. What the server refuses before the registry sees it has no body, and closes the
    // connection.
    private static void CheckCaching(Answer answer)
    {
        if (answer.Status < 400 || answer.ContentType is null) return;
        if (answer["Cache-Control"] != "no-store")
            throw new XunitException($"{answer} has Cache-Control: {answer["Cache-Control"] ?? "(none)"}.");
        if (answer["ETag"] is { } tag) throw new XunitException($"{answer} has the ETag {tag}.");
    }

    // §Warnings
    private static void CheckWarnings(Answer answer)
    {
        var warnings = answer.All("Warning");
        if (warnings.FirstOrDefault(warning => !WarningLine().IsMatch(warning)) is { } other)
            throw new XunitException($"{answer} has Warning: {other}");
        if (warnings.Sum(warning => warning.Length) > 4096) throw new XunitException($"{answer} has over 4096 bytes of warnings.");
    }

    [GeneratedRegex("""^299 - "(?:[^"\\]|\\.)*"$""")]
    private static partial Regex WarningLine();
}
