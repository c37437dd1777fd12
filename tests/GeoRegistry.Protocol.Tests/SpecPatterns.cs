using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace GeoRegistry.Protocol.Tests;

/// <summary>The specification's own expressions, which the parsers are compared with.</summary>
internal static partial class SpecPatterns
{
    // Source: OCI Distribution Spec v1.1 §Pulling manifests. \z, since $ in .NET also matches before a last line feed.
    [GeneratedRegex(@"\A[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.NonBacktracking)]
    public static partial Regex Name();

    [GeneratedRegex(@"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z", RegexOptions.NonBacktracking)]
    public static partial Regex Tag();

    // Source: OCI Image Spec v1.1, descriptor.md §Digests, for the registered algorithms.
    [GeneratedRegex(@"\A(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})\z", RegexOptions.NonBacktracking)]
    public static partial Regex Digest();

    /// <summary>Checks that a parser and an expression agree on texts made of pieces, which are right often and wrong often.</summary>
    public static void Agree(string[] pieces, Func<string, bool> parser, Regex expression, int maxLength = int.MaxValue)
    {
        var texts = Gen.Elements(pieces).ListOf().Select(chosen => string.Concat(chosen)).ToArbitrary();
        Prop.ForAll(texts, text => parser(text) == (expression.IsMatch(text) && text.Length <= maxLength))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(12));
    }
}
