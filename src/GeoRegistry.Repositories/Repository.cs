using System.Diagnostics;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Repositories.Regions;
using GeoRegistry.Repositories.Writes;

namespace GeoRegistry.Repositories;

/// <summary>The single writer of one repository: it decides each write on the present state, and appends one commit for it.</summary>
/// <remarks>
/// Correctness does not rest on being alone: an append names the head it was decided on, and is decided again where that has moved.
/// What must be asked of other regions is asked between two turns, so that no write waits for another's questions.
/// </remarks>
public sealed class Repository : IRepository
{
    /// <summary>
    /// How often a write is decided again because another writer appended; more means that two writers keep
    /// conflicting.
    /// </summary>
    private const int MaxAttempts = 16;

    private static readonly Dictionary<Digest, long> NothingRemote = [];

    private readonly LedgerId _ledger;
    private readonly Func<Home> _home;
    private readonly ILedgerStore _ledgers;
    private readonly RepositoryViews _views;
    private readonly IRemoteBlobs _remote;
    private readonly IWantedBlobs _wanted;
    private readonly IHomeGate _gate;
    private readonly IVisibility _visibility;
    private readonly WriteDecisions _decisions;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private LedgerHead? _head;

    internal Repository(
        RepositoryName name,
        Func<Home> home,
        ILedgerStore ledgers,
        IRepositoryTables tables,
        RepositoryViews views,
        IRemoteBlobs remote,
        IWantedBlobs wanted,
        IHomeGate gate,
        IVisibility visibility,
        TimeProvider clock)
    {
        Name = name;
        _ledger = LedgerId.Of(name);
        _home = home;
        _ledgers = ledgers;
        _views = views;
        _remote = remote;
        _wanted = wanted;
        _gate = gate;
        _visibility = visibility;
        _decisions = new WriteDecisions(name, tables);
        _clock = clock;
    }

    /// <summary>The repository's name.</summary>
    public RepositoryName Name { get; }

    /// <inheritdoc/>
    public Task<WriteOutcome> PutManifestAsync(PutManifest command, CancellationToken cancellation = default) => WriteAsync(
        remote => _decisions.PutManifestAsync(command, remote, cancellation),
        [.. command.Tags.Select(tag => tag.ToString()), command.Manifest.Digest.ToString()],
        command.Identified,
        cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> DeleteAsync(DeleteReference command, CancellationToken cancellation = default) =>
        WriteAsync(_ => _decisions.DeleteAsync(command, cancellation), [command.Reference.ToString()], command.Identified, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> DeleteBlobAsync(DeleteBlob command, CancellationToken cancellation = default) =>
        WriteAsync(_ => _decisions.DeleteBlobAsync(command, cancellation), [command.Digest.ToString()], command.Identified, cancellation);

    /// <param name="decide">Decides the write, given the blobs of the repository that only other regions have.</param>
    /// <param name="names">The names that the answer tells something about.</param>
    /// <param name="origin">Who asks, with the id of this write alone.</param>
    /// <param name="cancellation">Cancels as long as nothing was appended.</param>
    private async Task<WriteOutcome> WriteAsync(
        Func<IReadOnlyDictionary<Digest, long>, Task<Decision>> decide, IReadOnlyList<string> names, WriteOrigin origin,
        CancellationToken cancellation)
    {
        if (await _gate.FindRefusalAsync(Name, cancellation).ConfigureAwait(false) is { } refusal)
            return new WriteOutcome.Refused(refusal);
        var (outcome, shown, missing) = await TakeTurnAsync(
            () => decide(NothingRemote), origin, cancellation, asksFirst: true).ConfigureAwait(false);
        if (missing.Count > 0)
        {
            var remote = await _remote.FindManyAsync(Name, missing, cancellation).ConfigureAwait(false);
            if (outcome is null || remote.Count > 0)
                (outcome, shown, _) = await TakeTurnAsync(() => decide(remote), origin, cancellation).ConfigureAwait(false);
        }

        // Whoever may answer alone learns of it before the client does; and of what it was decided on, which an acknowledgement or a
        // refusal tells too.
        await shown.WaitAsync(cancellation).ConfigureAwait(false);
        await _visibility.AwaitShownAsync(Name, names).WaitAsync(cancellation).ConfigureAwait(false);
        return outcome!;
    }

    /// <param name="asksFirst">Whether nothing is appended as long as other regions may have content that is missing here.</param>
    private async Task<Turn> TakeTurnAsync(
        Func<Task<Decision>> decide, WriteOrigin origin, CancellationToken cancellation, bool asksFirst = false)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            for (var attempt = 1; attempt <= MaxAttempts; attempt++)
            {
                if (origin.Id is { } id && await _ledgers.FindWriteAsync(_ledger, id, cancellation).ConfigureAwait(false) is { } first)
                    return AlreadyDone(first.Head, first.Position, cancellation);
                _head ??= await _ledgers.ReadHeadAsync(_ledger, cancellation).ConfigureAwait(false);
                var decision = await decide().ConfigureAwait(false);
                if (decision is Decision.Refuse refused)
                    return new Turn(new WriteOutcome.Refused(refused.Errors), Task.CompletedTask, refused.Missing);
                var commit = (Decision.Commit)decision;
                if (asksFirst && commit.Missing.Count > 0) return new Turn(null, Task.CompletedTask, commit.Missing);

                // A write that may be repeated is remembered by its commit, also where it changes nothing: else its repetition would
                // be decided again, on what others have changed since.
                if (commit.Operations.Count == 0 && origin.Id is null)
                    return AlreadyDone(
                        _head, await _ledgers.FindPositionAsync(_ledger, _head.Number, cancellation).ConfigureAwait(false), cancellation);
                if (await TryAppendAsync(_head, commit, origin, cancellation).ConfigureAwait(false) is var (appended, shown))
                    return new Turn(new WriteOutcome.Committed(appended.Head, appended.Position), shown, []);
            }

            return new Turn(
                new WriteOutcome.Refused(RegistryError.Of(
                    ErrorCode.TooManyRequests,
                    $"{Name} was changed by other writers {MaxAttempts} times meanwhile; try again.")),
                Task.CompletedTask,
                []);
        }
        finally
        {
            _turn.Release();
        }
    }

    // Nothing has to change; but the write that made it so may still wait until it is shown everywhere.
    private Turn AlreadyDone(LedgerHead head, FeedPosition? position, CancellationToken cancellation) => new(
        new WriteOutcome.Committed(head, position),
        position is { } known ? _visibility.AwaitFollowedAsync(Name, known, cancellation) : Task.CompletedTask,
        []);

    private async Task<(AppendOutcome.Appended Appended, Task Shown)?> TryAppendAsync(
        LedgerHead head, Decision.Commit decided, WriteOrigin origin, CancellationToken cancellation)
    {
        var (operations, home) = (decided.Operations, _home());
        var missing = await _wanted.FindMissingAsync(Name, operations, origin.IngressRegion ?? home.Region,
            cancellation).ConfigureAwait(false);
        var change = decided.ChangedNames.Count > 0
            ? await _visibility.BeginChangeAsync(Name, decided.ChangedNames, cancellation).ConfigureAwait(false)
            : null;
        var commit = new Commit(
            _ledger, home.Epoch, head.Number + 1, _clock.GetUtcNow(), origin.Actor, home.Region, operations)
        {
            Write = origin.Id ?? WriteId.New(),
        };
        _head = null; // Unknown until the store has answered, and after an exception.
        AppendOutcome outcome;
        var start = Stopwatch.GetTimestamp();
        try
        {
            outcome = await _ledgers.AppendAsync(head, commit, missing, cancellation).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // A cancelled append was certainly not carried out; after any other failure it may have been.
            var isUnknown = e is not OperationCanceledException;
            if (isUnknown) _views.Forget(Name, operations);
            change?.Failed(isUnknown);
            RegistryMetrics.Committed(start, appended: false);
            throw;
        }

        RegistryMetrics.Committed(start, outcome is AppendOutcome.Appended);
        if (outcome is AppendOutcome.Appended appended)
        {
            _views.Apply(Name, operations, new LedgerPoint(commit.Epoch, commit.Number));
            _head = appended.Head;
            if (missing.Count > 0) _wanted.Queued();
            return (appended, change?.Appended(appended.Position) ?? Task.CompletedTask);
        }

        _views.Forget(Name, operations); // Another writer changed what was read here.
        change?.Failed(isUnknown: false);
        _head = ((AppendOutcome.HeadMoved)outcome).Head;
        return null;
    }

    /// <summary>The outcome of one turn.</summary>
    /// <param name="Outcome">The write's outcome; null where it was not carried out before other regions are asked.</param>
    /// <param name="Shown">Ends when everybody who may show what it changed has followed it.</param>
    /// <param name="Missing">Content that is missing here, and that another region may have.</param>
    private sealed record Turn(WriteOutcome? Outcome, Task Shown, IReadOnlyList<Digest> Missing);
}
