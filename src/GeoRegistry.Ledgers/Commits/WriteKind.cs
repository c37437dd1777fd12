namespace GeoRegistry.Ledgers.Commits;

/// <summary>What a client can ask of a repository that becomes a commit. Ids of stored commits are made of the values.</summary>
public enum WriteKind : byte
{
    /// <summary>Store a manifest and let tags name it.</summary>
    PutManifest = 1,

    /// <summary>Delete a tag, or a manifest with all its tags.</summary>
    DeleteReference = 2,

    /// <summary>Take a blob out of the repository.</summary>
    DeleteBlob = 3,
}
