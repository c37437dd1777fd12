using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Manifests;

namespace GeoRegistry.TestKit.Stores;

/// <summary>Writes the ledger of one repository straight into a store, and keeps its head.</summary>
public sealed class SampleLedger(Func<ILedgerStore> store, string repository)
{
    /// <summary>The region that samples are made by.</summary>
    public static readonly RegionId Region = RegionId.Parse("eu");

    public static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);

    public RepositoryName Repository { get; } = RepositoryName.Parse(repository);

    public LedgerId Id => LedgerId.Of(Repository);

    public LedgerHead Head { get; set; } = LedgerHead.Empty;

    public long Epoch { get; set; } = 1;

    /// <summary>The commit that would come after a head.</summary>
    public Commit After(LedgerHead head, params IReadOnlyList<Operation> operations) =>
        new(Id, Epoch, head.Number + 1, At, "tests", Region, operations);

    /// <summary>Appends a commit, which must succeed.</summary>
    public Task<AppendOutcome.Appended> AppendAsync(params IReadOnlyList<Operation> operations) => AppendAsync([], operations);

    /// <summary>Appends a commit that awaits blobs, which must succeed.</summary>
    public async Task<AppendOutcome.Appended> AppendAsync(IReadOnlyList<MissingBlob> missing, params IReadOnlyList<Operation> operations)
    {
        var outcome = await store().AppendAsync(Head, After(Head, operations), missing);
        if (outcome is not AppendOutcome.Appended appended)
            throw new InvalidOperationException($"The append to {Id} was answered with {outcome}.");
        Head = appended.Head;
        return appended;
    }

    public Task PutAsync(params IReadOnlyList<Manifest> manifests) =>
        AppendAsync([.. manifests.Select(manifest => new Operation.ManifestPut(manifest))]);

    public Task TagAsync(Digest digest, params IReadOnlyList<string> tags) =>
        AppendAsync([.. tags.Select(tag => new Operation.TagSet(Tag.Parse(tag), digest))]);
}
