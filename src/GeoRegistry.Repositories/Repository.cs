using System.Diagnostics;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Metrics;
using GeoRegistry.Repositories.Writes;

namespace GeoRegistry.Repositories;

/// <summary>The single writer of one repository: it decides each write on what stands, and appends one commit for it.</summary>
/// <remarks>Correctness does not rest on being alone: an append names the head it was decided on, and is decided anew where that has moved.</remarks>
public sealed class Repository : IRepository
{
    /// <summary>How often a write is decided anew because another writer appended; more means that two writers fight.</summary>
    private const int MaxAttempts = 16;

    private readonly LedgerId _ledger;
    private readonly Home _home;
    private readonly ILedgerStore _ledgers;
    private readonly RepositoryViews _views;
    private readonly IOtherRegions _others;
    private readonly WriteDecisions _decisions;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private LedgerHead? _head;

    internal Repository(RepositoryName name, Home home, ILedgerStore ledgers, IRepositoryTables tables, RepositoryViews views, IOtherRegions others, TimeProvider clock)
    {
        Name = name;
        _ledger = LedgerId.Of(name);
        _home = home;
        _ledgers = ledgers;
        _views = views;
        _others = others;
        _decisions = new WriteDecisions(name, tables, others);
        _clock = clock;
    }

    /// <summary>The repository's name.</summary>
    public RepositoryName Name { get; }

    /// <inheritdoc/>
    public Task<WriteOutcome> PutManifestAsync(PutManifest command, CancellationToken cancellation = default) =>
        WriteAsync(() => _decisions.PutManifestAsync(command, cancellation), command.Tags, command.Actor, command.TakenBy, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> DeleteAsync(DeleteReference command, CancellationToken cancellation = default) =>
        WriteAsync(() => _decisions.DeleteAsync(command, cancellation), command.Reference.IsDigest ? [] : [command.Reference.Tag], command.Actor, command.TakenBy, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> DeleteBlobAsync(DeleteBlob command, CancellationToken cancellation = default) =>
        WriteAsync(() => _decisions.DeleteBlobAsync(command, cancellation), [], command.Actor, command.TakenBy, cancellation);

    private async Task<WriteOutcome> WriteAsync(
        Func<Task<Decision>> decide, IReadOnlyList<Tag> tags, string actor, RegionId? takenBy, CancellationToken cancellation)
    {
        var (outcome, shown) = await DecideAndAppendAsync(decide, actor, takenBy ?? _home.Region, cancellation).ConfigureAwait(false);

        // Replicas that may answer alone learn of it before the client does; and of what it was decided on, which an acknowledgement or a refusal tells too.
        await shown.WaitAsync(cancellation).ConfigureAwait(false);
        await _others.AwaitSpreadAsync(Name, tags).WaitAsync(cancellation).ConfigureAwait(false);
        return outcome;
    }

    private async Task<(WriteOutcome Outcome, Task Shown)> DecideAndAppendAsync(
        Func<Task<Decision>> decide, string actor, RegionId takenBy, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            for (var attempt = 1; attempt <= MaxAttempts; attempt++)
            {
                _head ??= await _ledgers.ReadHeadAsync(_ledger, cancellation).ConfigureAwait(false);
                var decision = await decide().ConfigureAwait(false);
                if (decision is Decision.Refuse refused) return (new WriteOutcome.Refused(refused.Errors), Task.CompletedTask);
                var commit = (Decision.Commit)decision;
                if (commit.Operations.Count == 0) return await StandingAsync(_head, cancellation).ConfigureAwait(false);
                if (await TryAppendAsync(_head, commit, actor, takenBy, cancellation).ConfigureAwait(false) is var (appended, shown))
                    return (new WriteOutcome.Committed(appended.Head, appended.Position), shown);
            }

            return (new WriteOutcome.Refused(RegistryError.Of(ErrorCode.TooManyRequests, $"Other writers of {Name} were faster {MaxAttempts} times; try again.")), Task.CompletedTask);
        }
        finally
        {
            _turn.Release();
        }
    }

    // Nothing had to change; but the push that made it so may still wait until it is shown everywhere.
    private async Task<(WriteOutcome Outcome, Task Shown)> StandingAsync(LedgerHead head, CancellationToken cancellation)
    {
        var position = await _ledgers.FindPositionAsync(_ledger, head.Number, cancellation).ConfigureAwait(false);
        return (new WriteOutcome.Committed(head, position), position is { } known ? _others.AwaitShownAsync(Name, known, cancellation) : Task.CompletedTask);
    }

    private async Task<(AppendOutcome.Appended Appended, Task Shown)?> TryAppendAsync(
        LedgerHead head, Decision.Commit decided, string actor, RegionId takenBy, CancellationToken cancellation)
    {
        var operations = decided.Operations;
        var missing = await _others.FindMissingAsync(Name, operations, takenBy, cancellation).ConfigureAwait(false);
        var change = decided.ChangesAnswers ? await _others.BeginChangeAsync(Name, operations, cancellation).ConfigureAwait(false) : null;
        var commit = new Commit(_ledger, _home.Epoch, head.Number + 1, _clock.GetUtcNow(), actor, _home.Region, operations);
        _head = null; // Unknown until the store has answered, and after an exception.
        var outcome = (AppendOutcome?)null;
        var start = Stopwatch.GetTimestamp();
        try
        {
            outcome = await _ledgers.AppendAsync(head, commit, missing, cancellation).ConfigureAwait(false);
        }
        finally
        {
            RegistryMetrics.Committed(start, outcome is AppendOutcome.Appended);
            if (outcome is AppendOutcome.Appended) _views.Apply(Name, operations);
            else _views.Forget(Name, operations);
            if (outcome is not AppendOutcome.Appended) change?.Failed(isUnknown: outcome is null);
        }

        if (outcome is AppendOutcome.Appended appended)
        {
            _head = appended.Head;
            if (missing.Count > 0) _others.BlobsAwaited();
            return (appended, change?.Appended(appended.Position) ?? Task.CompletedTask);
        }

        _head = ((AppendOutcome.HeadMoved)outcome).Head;
        return null;
    }
}
