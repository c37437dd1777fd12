namespace GeoRegistry.Server.Tests.Durability;

internal enum RegisterKind
{
    Tag,
    Manifest,
    Blob,
}

/// <summary>
/// One thing that holds a digest or nothing: a tag names a manifest; a manifest or blob is there (its own digest) or not.
/// </summary>
internal readonly record struct Register(string Repository, RegisterKind Kind, string Name)
{
    public override string ToString() => $"{Repository} {Kind} {Name}";
}

/// <summary>What a request makes of a register: a digest, or null for nothing.</summary>
internal readonly record struct RegisterWrite(Register Register, string? Value)
{
    public static RegisterWrite Tag(string repository, string tag, string? digest) =>
        new(new Register(repository, RegisterKind.Tag, tag), digest);

    public static RegisterWrite Manifest(string repository, string digest, bool exists) =>
        new(new Register(repository, RegisterKind.Manifest, digest), exists ? digest : null);

    public static RegisterWrite Blob(string repository, string digest, bool exists) =>
        new(new Register(repository, RegisterKind.Blob, digest), exists ? digest : null);
}
