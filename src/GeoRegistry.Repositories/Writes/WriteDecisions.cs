using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.Repositories.Regions;

namespace GeoRegistry.Repositories.Writes;

/// <summary>The rules of one repository's writes. They read and decide, and change nothing.</summary>
/// <remarks>
/// They read the tables and never a cache, which cannot know of another process's writes: the head that an append names
/// guarantees the tables alone.
/// </remarks>
internal sealed class WriteDecisions(RepositoryName repository, IRepositoryTables tables)
{
    /// <summary>How many missing blobs one answer names; a client uploads them all before it comes back anyway.</summary>
    private const int MaxErrors = 32;

    /// <summary>Decides a push.</summary>
    /// <param name="command">The push.</param>
    /// <param name="elsewhere">Blobs of the repository that only other regions have, with their sizes in bytes.</param>
    public async Task<Decision> PutManifestAsync(PutManifest command, IReadOnlyDictionary<Digest, long> elsewhere,
        CancellationToken cancellation)
    {
        var manifest = command.Manifest;
        var stored = await tables.FindManifestAsync(repository, manifest.Digest, cancellation).ConfigureAwait(false);
        var current = new Digest?[command.Tags.Count];
        for (var i = 0; i < current.Length; i++)
        {
            current[i] = await tables.FindTagAsync(repository, command.Tags[i], cancellation).ConfigureAwait(false);
            if (!command.Precondition.Holds(current[i])) return PreconditionFailed($"tag '{command.Tags[i]}'", current[i]);
        }

        if (command.Tags.Count == 0 && !command.Precondition.Holds(stored?.Digest)) return PreconditionFailed("manifest", stored?.Digest);

        // What a stored manifest names cannot be deleted, so it is still there; under another media type it may name more.
        var isNew = stored?.MediaType != manifest.MediaType;
        var operations = new List<Operation>(1 + current.Length);
        var missing = new List<Digest>();
        var errors = isNew ? await FaultsOfContentAsync(manifest, elsewhere, operations, missing, cancellation).ConfigureAwait(false) : [];
        if (!isNew)
            errors = await LinkForeignLayersAsync(manifest, elsewhere, operations, missing, cancellation).ConfigureAwait(false);
        if (errors.Count > 0) return new Decision.Refuse(errors) { Missing = missing };

        var changed = new List<string>();
        if (isNew) operations.Add(new Operation.ManifestPut(manifest));
        if (isNew && manifest.Subject is not null) changed.Add(VisibleNames.Referrers);
        if (isNew && stored is not null)
        {
            // The same bytes under another media type: tags that name them name what is new.
            var tags = await tables.ListTagsOfAsync(repository, manifest.Digest, cancellation).ConfigureAwait(false);
            operations.AddRange(tags.Select(tag => new Operation.TagSet(tag, manifest.Digest)));
            changed.AddRange([manifest.Digest.ToString(), .. tags.Select(tag => tag.ToString())]);
        }

        for (var i = 0; i < current.Length; i++)
        {
            if (current[i] == manifest.Digest) continue;
            operations.Add(new Operation.TagSet(command.Tags[i], manifest.Digest));

            // A tag that was not there is asked of the home wherever it is unknown; what was there is what others may have shown.
            if (current[i] is not null) changed.Add(command.Tags[i].ToString());
        }

        return new Decision.Commit(operations, changed) { Missing = missing };
    }

    public async Task<Decision> DeleteAsync(DeleteReference command, CancellationToken cancellation)
    {
        var current = await FindCurrentAsync(command.Reference, cancellation).ConfigureAwait(false);
        if (!command.Precondition.Holds(current)) return PreconditionFailed($"reference '{command.Reference}'", current);
        if (current is not { } digest) return await UnknownAsync(command.Reference, cancellation).ConfigureAwait(false);
        if (!command.Reference.IsDigest)
            return new Decision.Commit([new Operation.TagDeleted(command.Reference.Tag)], [command.Reference.ToString()]);
        if (await tables.FindReferenceToAsync(repository, digest, cancellation).ConfigureAwait(false) is { } index)
            return InUse($"The manifest is listed by the index {index}: delete that first.", index);

        var tags = await tables.ListTagsOfAsync(repository, digest, cancellation).ConfigureAwait(false);
        return new Decision.Commit(
            [.. tags.Select(tag => new Operation.TagDeleted(tag)), new Operation.ManifestDeleted(digest)],
            [.. tags.Select(tag => tag.ToString()), digest.ToString(), VisibleNames.Referrers]);
    }

    public async Task<Decision> DeleteBlobAsync(DeleteBlob command, CancellationToken cancellation)
    {
        if (await tables.FindBlobAsync(repository, command.Digest, cancellation).ConfigureAwait(false) is null)
            return new Decision.Refuse(RegistryError.Of(ErrorCode.BlobUnknown, null, ("digest", command.Digest.ToString())));
        return await tables.FindReferenceToAsync(repository, command.Digest, cancellation).ConfigureAwait(false) is { } manifest
            ? InUse($"The blob is used by the manifest {manifest}: delete that first.", manifest)
            : new Decision.Commit([new Operation.BlobDeleted(command.Digest)], [command.Digest.ToString()]);
    }

    private async ValueTask<Digest?> FindCurrentAsync(Reference reference, CancellationToken cancellation) => reference.IsDigest
        ? (await tables.FindManifestAsync(repository, reference.Digest, cancellation).ConfigureAwait(false))?.Digest
        : await tables.FindTagAsync(repository, reference.Tag, cancellation).ConfigureAwait(false);

    // The commit says of what a manifest alone does not tell whether it is a blob of the repository: children that are none of its
    // manifests, and layers that may live elsewhere and were pushed all the same.
    private async Task<IReadOnlyList<RegistryError>> FaultsOfContentAsync(
        Manifest manifest, IReadOnlyDictionary<Digest, long> elsewhere, List<Operation> operations, List<Digest> missing,
        CancellationToken cancellation)
    {
        var errors = new List<RegistryError>();
        foreach (var reference in manifest.References)
        {
            var found = await FindAsync(reference, elsewhere, cancellation).ConfigureAwait(false);
            if (found is var (size, isManifest))
            {
                Validate(reference, size, errors);
                if (reference.Kind != ContentKind.Blob && !isManifest) operations.Add(new Operation.BlobLinked(reference.Digest, size));
            }
            else
            {
                missing.Add(reference.Digest);
                if (reference.Kind != ContentKind.ForeignLayer && errors.Count < MaxErrors) errors.Add(RegistryError.Of(
                    ErrorCode.ManifestBlobUnknown,
                    $"The manifest names {reference.Digest}, which this repository does not have: push it first.",
                    ("digest", reference.Digest.ToString())));
            }
        }

        return errors;
    }

    // A client that is told to push foreign layers as well pushes them, and then the manifest again that was there before.
    private async Task<IReadOnlyList<RegistryError>> LinkForeignLayersAsync(
        Manifest manifest, IReadOnlyDictionary<Digest, long> elsewhere, List<Operation> operations, List<Digest> missing,
        CancellationToken cancellation)
    {
        var errors = new List<RegistryError>();
        foreach (var layer in manifest.References.Where(reference => reference.Kind == ContentKind.ForeignLayer))
        {
            if (await tables.IsBlobCommittedAsync(repository, layer.Digest, cancellation).ConfigureAwait(false)) continue;
            if (await FindAsync(layer, elsewhere, cancellation).ConfigureAwait(false) is var (size, _))
            {
                Validate(layer, size, errors);
                operations.Add(new Operation.BlobLinked(layer.Digest, size));
            }
            else
            {
                missing.Add(layer.Digest);
            }
        }

        return errors;
    }

    private static void Validate(ContentReference reference, long sizeBytes, List<RegistryError> errors)
    {
        if (sizeBytes == reference.SizeBytes || errors.Count == MaxErrors) return;
        errors.Add(RegistryError.Of(
            ErrorCode.SizeInvalid, $"The manifest gives {reference.SizeBytes} bytes for {reference.Digest}, which has {sizeBytes}.",
            ("digest", reference.Digest.ToString())));
    }

    private async ValueTask<(long SizeBytes, bool IsManifest)?> FindAsync(
        ContentReference reference, IReadOnlyDictionary<Digest, long> elsewhere, CancellationToken cancellation)
    {
        if (reference.Kind == ContentKind.Child
            && await tables.FindManifestAsync(repository, reference.Digest, cancellation).ConfigureAwait(false) is { } child)
        {
            return (child.Content.Length, true);
        }

        if (await tables.FindBlobAsync(repository, reference.Digest, cancellation).ConfigureAwait(false) is { } sizeBytes)
            return (sizeBytes, false);
        return elsewhere.TryGetValue(reference.Digest, out var remoteBytes) ? (remoteBytes, false) : null;
    }

    private async Task<Decision> UnknownAsync(Reference reference, CancellationToken cancellation) =>
        new Decision.Refuse(await tables.ExistsAsync(repository, cancellation).ConfigureAwait(false)
            ? RegistryError.Of(ErrorCode.ManifestUnknown, null, ("reference", reference.ToString()))
            : RegistryError.Of(ErrorCode.NameUnknown, null, ("name", repository.ToString())));

    private static Decision.Refuse PreconditionFailed(string what, Digest? current)
    {
        var error = current is { } digest
            ? RegistryError.Of(ErrorCode.Denied, $"The precondition failed: the {what} is at {digest}.",
                ("digest", digest.ToString()))
            : RegistryError.Of(ErrorCode.Denied, $"The precondition failed: the {what} does not exist.");
        return new Decision.Refuse(error with { Status = 412 });
    }

    private static Decision.Refuse InUse(string message, Digest by) =>
        new(RegistryError.Of(ErrorCode.Denied, message, ("manifest", by.ToString())) with { Status = 405 });
}
