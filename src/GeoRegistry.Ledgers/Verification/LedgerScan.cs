using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.Ledgers.Verification;

/// <summary>
/// Compares all rows of one ledger, read at one moment, with its checksums and with each other. Rows of one table come
/// in any order; commits in that of their numbers, after all others.
/// </summary>
/// <remarks>Values are taken as the columns have them: a damaged one may be no digest, no name, and no commit.</remarks>
/// <param name="row">The number that the store names the ledger by.</param>
/// <param name="id">The ledger.</param>
/// <param name="state">What its row has.</param>
/// <param name="pruned">Up to where a region's feed, by its name, has the last commits of ledgers only.</param>
public sealed class LedgerScan(long row, LedgerId id, LedgerState state, Func<string, long> pruned)
{
    private ContentsChecksum _computed = ContentsChecksum.OfHead(id, state.Head), _derivedByManifests, _derivedByRows;
    private string? _contentFault, _commitFault;
    private LedgerHead _before = LedgerHead.Empty;
    private (string Region, long Position) _end;

    /// <summary>Notes what is damaged beside the rows; the first counts.</summary>
    /// <param name="fault">What, for people.</param>
    public void AddFault(string fault) => _contentFault ??= fault;

    /// <summary>Takes a manifest's row.</summary>
    public void AddManifest(byte[] key, string mediaType, byte[] content)
    {
        _computed += ContentsChecksum.OfManifest(key, mediaType, content);
        if (TryRead(key, mediaType, content) is not { } manifest)
        {
            AddFault($"the manifest {Convert.ToHexStringLower(key)} is not what its digest says");
            return;
        }

        foreach (var target in manifest.References.Select(reference => reference.Digest).Distinct())
            _derivedByManifests += OfReference(target.ToKey(), key);
        if (manifest.Subject is { } subject)
            _derivedByManifests += OfReferrer(subject.ToKey(), key, manifest.ArtifactType, manifest.ReferrerDescriptor.Span);
    }

    /// <summary>Takes a tag's row.</summary>
    public void AddTag(string name, byte[] digest) => _computed += ContentsChecksum.OfTag(name, digest);

    /// <summary>Takes the row of a blob that a commit says the repository has.</summary>
    public void AddBlobLink(byte[] digest, long sizeBytes) => _computed += ContentsChecksum.OfBlobLink(digest, sizeBytes);

    /// <summary>Takes the row that says that a manifest names a blob or child.</summary>
    public void AddReference(byte[] target, byte[] manifest) => _derivedByRows += OfReference(target, manifest);

    /// <summary>Takes the row that says that a manifest has a subject.</summary>
    public void AddReferrer(byte[] subject, byte[] digest, string? artifactType, byte[] descriptor) =>
        _derivedByRows += OfReferrer(subject, digest, artifactType, descriptor);

    /// <summary>Takes a commit's row. The chain links each with the one before, and the last is the head's.</summary>
    /// <param name="region">The region whose feed it is in.</param>
    /// <param name="position">Its place there.</param>
    /// <param name="number">Its number.</param>
    /// <param name="checksum">The ledger's checksum after it.</param>
    /// <param name="encoded">Its wire form.</param>
    /// <param name="isWhole">Whether its row has its own checksum, where the store has such.</param>
    public void AddCommit(string region, long position, long number, byte[] checksum, byte[] encoded, bool isWhole)
    {
        var commit = CommitCodec.TryDecode(encoded);
        var isLinked = number != _before.Number + 1 || _before.After(0, encoded).Checksum.Span.SequenceEqual(checksum);
        if (!isWhole || !isLinked || commit?.Ledger != id || commit.Number != number)
            _commitFault ??= $"commit {number} of the history is damaged";
        // Within an epoch all commits are of one feed, and what is missing came after the one before it.
        if (_before.Number > 0 && number > _before.Number + 1 && commit?.Epoch == _before.Epoch && region == _end.Region
            && _end.Position >= pruned(region))
            _commitFault ??= $"commit {_before.Number + 1} of the history is missing";
        _before = new LedgerHead(commit?.Epoch ?? 0, number, checksum);
        _end = (region, position);
    }

    /// <summary>What was found, once all rows are taken.</summary>
    public LedgerScanResult Finish()
    {
        if (state.Contents is { } stored && stored != _computed)
            AddFault("the head, manifests, tags and blob links do not match the ledger's checksum");
        if (_derivedByRows != _derivedByManifests) AddFault("the references and referrers do not match the manifests");
        if (_commitFault is null && _before.Number > 0 && !_before.Equals(state.Head)) AddFault("the head does not match the last commit");
        return new LedgerScanResult(row, id, state.Head, state.Contents, _computed, _contentFault ?? _commitFault);
    }

    private static Manifest? TryRead(byte[] key, string mediaType, byte[] content)
    {
        try
        {
            return StoredManifest.Read(content, mediaType, DigestKeys.FromKey(key));
        }
        catch (Exception e) when (DamagedRow.IsCauseOf(e))
        {
            return null;
        }
    }

    // Only compared with each other here: never stored, never sent.
    private static ContentsChecksum OfReference(ReadOnlySpan<byte> target, ReadOnlySpan<byte> manifest) =>
        ContentsChecksum.OfManifest(target, "reference", manifest);

    private static ContentsChecksum OfReferrer(ReadOnlySpan<byte> subject, ReadOnlySpan<byte> digest, string? artifactType,
        ReadOnlySpan<byte> descriptor)
    {
        byte[] rest = [(byte)(artifactType is null ? 0 : 1), .. subject, .. descriptor];
        return ContentsChecksum.OfManifest(digest, $"referrer {artifactType}", rest);
    }
}
