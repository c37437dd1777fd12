using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Repositories.Writes;

/// <summary>The rules of one repository's writes. They read and decide, and change nothing.</summary>
/// <remarks>They read the tables and never a cache, which cannot know of another process's writes: the head that an append names vouches for the tables alone.</remarks>
internal sealed class WriteDecisions(RepositoryName repository, IRepositoryTables tables, IOtherRegions others)
{
    /// <summary>How many missing blobs one answer names; a client uploads them all before it comes back anyway.</summary>
    private const int MaxErrors = 32;

    public async Task<Decision> PutManifestAsync(PutManifest command, CancellationToken cancellation)
    {
        var manifest = command.Manifest;
        var stored = await tables.FindManifestAsync(repository, manifest.Digest, cancellation).ConfigureAwait(false);
        var standing = new Digest?[command.Tags.Count];
        for (var i = 0; i < standing.Length; i++)
        {
            standing[i] = await tables.FindTagAsync(repository, command.Tags[i], cancellation).ConfigureAwait(false);
            if (!command.Precondition.Holds(standing[i])) return Moved($"tag '{command.Tags[i]}'", standing[i]);
        }

        if (command.Tags.Count == 0 && !command.Precondition.Holds(stored?.Digest)) return Moved("manifest", stored?.Digest);

        // What a stored manifest names cannot be deleted, so it is still there; under another media type it may name more.
        var isNew = stored?.MediaType != manifest.MediaType;
        var operations = new List<Operation>(1 + standing.Length);
        var errors = isNew ? await FaultsOfContentAsync(manifest, operations, cancellation).ConfigureAwait(false) : [];
        if (errors.Count > 0) return new Decision.Refuse(errors);

        if (isNew) operations.Add(new Operation.ManifestPut(manifest));
        if (isNew && stored is not null)
        {
            // The same bytes under another media type: tags that name them name what is new.
            var tags = await tables.ListTagsOfAsync(repository, manifest.Digest, cancellation).ConfigureAwait(false);
            operations.AddRange(tags.Select(tag => new Operation.TagSet(tag, manifest.Digest)));
        }

        for (var i = 0; i < standing.Length; i++)
        {
            if (standing[i] != manifest.Digest) operations.Add(new Operation.TagSet(command.Tags[i], manifest.Digest));
        }

        // A tag that was not there is asked of the home wherever it is unknown; what was there is what a replica may answer by itself.
        var changesAnswers = standing.Any(digest => digest is not null && digest != manifest.Digest) || (isNew && (stored is not null || manifest.Subject is not null));
        return new Decision.Commit(operations, changesAnswers);
    }

    public async Task<Decision> DeleteAsync(DeleteReference command, CancellationToken cancellation)
    {
        var standing = await StandingAsync(command.Reference, cancellation).ConfigureAwait(false);
        if (!command.Precondition.Holds(standing)) return Moved($"reference '{command.Reference}'", standing);
        if (standing is not { } digest) return await UnknownAsync(command.Reference, cancellation).ConfigureAwait(false);
        if (!command.Reference.IsDigest) return new Decision.Commit([new Operation.TagDeleted(command.Reference.Tag)], ChangesAnswers: true);
        if (await tables.FindReferenceToAsync(repository, digest, cancellation).ConfigureAwait(false) is { } index)
            return InUse($"The manifest is listed by the index {index}: delete that first.", index);

        var tags = await tables.ListTagsOfAsync(repository, digest, cancellation).ConfigureAwait(false);
        return new Decision.Commit([.. tags.Select(tag => new Operation.TagDeleted(tag)), new Operation.ManifestDeleted(digest)], ChangesAnswers: true);
    }

    public async Task<Decision> DeleteBlobAsync(DeleteBlob command, CancellationToken cancellation)
    {
        if (await tables.FindBlobAsync(repository, command.Digest, cancellation).ConfigureAwait(false) is null)
            return new Decision.Refuse(RegistryError.Of(ErrorCode.BlobUnknown, null, ("digest", command.Digest.ToString())));
        return await tables.FindReferenceToAsync(repository, command.Digest, cancellation).ConfigureAwait(false) is { } manifest
            ? InUse($"The blob is used by the manifest {manifest}: delete that first.", manifest)
            : new Decision.Commit([new Operation.BlobDeleted(command.Digest)], ChangesAnswers: true);
    }

    private async ValueTask<Digest?> StandingAsync(Reference reference, CancellationToken cancellation) => reference.IsDigest
        ? (await tables.FindManifestAsync(repository, reference.Digest, cancellation).ConfigureAwait(false))?.Digest
        : await tables.FindTagAsync(repository, reference.Tag, cancellation).ConfigureAwait(false);

    // What is found may need to be said in the commit: which of an index's children are blobs.
    private async Task<IReadOnlyList<RegistryError>> FaultsOfContentAsync(Manifest manifest, List<Operation> operations, CancellationToken cancellation)
    {
        var errors = new List<RegistryError>();
        var missing = new List<ContentReference>();
        foreach (var reference in manifest.References)
        {
            if (reference.Kind == ContentKind.ForeignLayer) continue;
            if (await SizeOfAsync(reference, operations, cancellation).ConfigureAwait(false) is { } size) Judge(reference, size, errors);
            else missing.Add(reference);
        }

        if (missing.Count == 0) return errors;

        // Blobs may have been pushed through regions whose word of it did not come.
        var elsewhere = await others.FindBlobsAsync(repository, [.. missing.Select(reference => reference.Digest)], cancellation).ConfigureAwait(false);
        foreach (var reference in missing)
        {
            if (elsewhere.TryGetValue(reference.Digest, out var size))
            {
                Judge(reference, size, errors);
                if (reference.Kind == ContentKind.Child) operations.Add(new Operation.BlobLinked(reference.Digest, size));
            }
            else if (errors.Count < MaxErrors)
            {
                errors.Add(RegistryError.Of(
                    ErrorCode.ManifestBlobUnknown, $"The manifest names {reference.Digest}, which this repository does not have: push it first.",
                    ("digest", reference.Digest.ToString())));
            }
        }

        return errors;
    }

    private static void Judge(ContentReference reference, long sizeBytes, List<RegistryError> errors)
    {
        if (sizeBytes == reference.SizeBytes || errors.Count == MaxErrors) return;
        errors.Add(RegistryError.Of(
            ErrorCode.SizeInvalid, $"The manifest gives {reference.SizeBytes} bytes for {reference.Digest}, which has {sizeBytes}.",
            ("digest", reference.Digest.ToString())));
    }

    private async ValueTask<long?> SizeOfAsync(ContentReference reference, List<Operation> operations, CancellationToken cancellation)
    {
        if (reference.Kind == ContentKind.Child
            && await tables.FindManifestAsync(repository, reference.Digest, cancellation).ConfigureAwait(false) is { } child)
            return child.Content.Length;
        var size = await tables.FindBlobAsync(repository, reference.Digest, cancellation).ConfigureAwait(false);
        if (size is { } sizeBytes && reference.Kind == ContentKind.Child) operations.Add(new Operation.BlobLinked(reference.Digest, sizeBytes));
        return size;
    }

    private async Task<Decision> UnknownAsync(Reference reference, CancellationToken cancellation) =>
        new Decision.Refuse(await tables.ExistsAsync(repository, cancellation).ConfigureAwait(false)
            ? RegistryError.Of(ErrorCode.ManifestUnknown, null, ("reference", reference.ToString()))
            : RegistryError.Of(ErrorCode.NameUnknown, null, ("name", repository.ToString())));

    private static Decision.Refuse Moved(string what, Digest? standing)
    {
        var error = standing is { } digest
            ? RegistryError.Of(ErrorCode.Denied, $"The condition does not hold: the {what} stands at {digest}.", ("digest", digest.ToString()))
            : RegistryError.Of(ErrorCode.Denied, $"The condition does not hold: the {what} does not exist.");
        return new Decision.Refuse(error with { Status = 412 });
    }

    private static Decision.Refuse InUse(string message, Digest by) =>
        new(RegistryError.Of(ErrorCode.Denied, message, ("manifest", by.ToString())) with { Status = 405 });
}
