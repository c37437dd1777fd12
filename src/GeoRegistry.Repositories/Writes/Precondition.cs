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

    /// <summary>Whether it holds for what stands now; null where nothing does.</summary>
    public bool Holds(Digest? standing) =>
        (!Exists || standing is not null)
        && (AnyOf is null || (standing is { } named && AnyOf.Contains(named.ToString())))
        && (!Missing || standing is null)
        && (NoneOf is null || standing is not { } other || !NoneOf.Contains(other.ToString()));
}
