using GeoRegistry.Protocol;

namespace GeoRegistry.Repositories.Writes;

/// <summary>What must be true of a tag (or of a manifest, where no tag is written) for a write to happen.</summary>
/// <param name="Exists">It must exist (<c>If-Match: *</c>).</param>
/// <param name="AnyOf">It must name one of these (<c>If-Match: "sha256:…"</c>); null where that was not asked.</param>
/// <param name="Missing">It must not exist (<c>If-None-Match: *</c>).</param>
/// <param name="NoneOf">It must name none of these (<c>If-None-Match: "sha256:…"</c>); null where that was not asked.</param>
/// <remarks>Source: RFC 9110 §13.1.1 and §13.1.2, with digests as entity tags.</remarks>
public sealed record Precondition(bool Exists, IReadOnlyList<string>? AnyOf, bool Missing, IReadOnlyList<string>? NoneOf)
{
    /// <summary>Nothing is asked.</summary>
    public static readonly Precondition None = new(false, null, false, null);

    /// <summary>Whether it holds for the current digest; null where there is none.</summary>
    public bool Holds(Digest? current) =>
        (!Exists || current is not null)
        && (AnyOf is null || (current is { } named && AnyOf.Contains(named.ToString())))
        && (!Missing || current is null)
        && (NoneOf is null || current is not { } other || !NoneOf.Contains(other.ToString()));
}
