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
        WriteAsync(() => _decisions.PutManifestAsync(command, cancellation), command.Actor, command.TakenBy, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> DeleteAsync(DeleteReference command, CancellationToken cancellation = default) =>
        WriteAsync(() => _decisions.DeleteAsync(command, cancellation), command.Actor, command.TakenBy, cancellation);

    /// <inheritdoc/>
    public Task<WriteOutcome> DeleteBlobAsync(DeleteBlob command, CancellationToken cancellation = default) =>
        WriteAsync(() => _decisions.DeleteBlobAsync(command, cancellation), command.Actor, command.TakenBy, cancellation);

    private async Task<WriteOutcome> WriteAsync(Func<Task<Decision>> decide, string actor, RegionId? takenBy, CancellationToken cancellation)
    {
        var (outcome, awaitsBlobs, changesAnswers) = await DecideAndAppendAsync(decide, actor, takenBy ?? _home.Region, cancellation).ConfigureAwait(false);

        // Replicas that may answer alone learn of it before the client does. Where nothing had to change, a push before may still wait for that.
        if (outcome is WriteOutcome.Committed { Position: { } position })
            await _others.CommittedAsync(Name, position, awaitsBlobs, changesAnswers, cancellation).ConfigureAwait(false);
        return outcome;
    }

    private async Task<(WriteOutcome Outcome, bool AwaitsBlobs, bool ChangesAnswers)> DecideAndAppendAsync(
        Func<Task<Decision>> decide, string actor, RegionId takenBy, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            for (var attempt = 1; attempt <= MaxAttempts; attempt++)
            {
                _head ??= await _ledgers.ReadHeadAsync(_ledger, cancellation).ConfigureAwait(false);
                var decision = await decide().ConfigureAwait(false);
                if (decision is Decision.Refuse refused) return (new WriteOutcome.Refused(refused.Errors), false, false);
                var (operations, changesAnswers) = (Decision.Commit)decision;
                if (operations.Count == 0)
                {
                    var position = await _ledgers.FindPositionAsync(_ledger, _head.Number, cancellation).ConfigureAwait(false);
                    return (new WriteOutcome.Committed(_head, position), false, true);
                }

                var missing = await _others.FindMissingAsync(Name, operations, takenBy, cancellation).ConfigureAwait(false);
                if (await TryAppendAsync(_head, operations, missing, actor, cancellation).ConfigureAwait(false) is { } appended)
                    return (new WriteOutcome.Committed(appended.Head, appended.Position), missing.Count > 0, changesAnswers);
            }

            return (new WriteOutcome.Refused(RegistryError.Of(ErrorCode.TooManyRequests, $"Other writers of {Name} were faster {MaxAttempts} times; try again.")), false, false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<AppendOutcome.Appended?> TryAppendAsync(
        LedgerHead head, IReadOnlyList<Operation> operations, IReadOnlyList<MissingBlob> missing, string actor, CancellationToken cancellation)
    {
        var commit = new Commit(_ledger, _home.Epoch, head.Number + 1, _clock.GetUtcNow(), actor, _home.Region, operations);
        _head = null; // Unknown until the store has answered, and after an exception.
        var appended = (AppendOutcome.Appended?)null;
        var start = Stopwatch.GetTimestamp();
        try
        {
            var outcome = await _ledgers.AppendAsync(head, commit, missing, cancellation).ConfigureAwait(false);
            appended = outcome as AppendOutcome.Appended;
            _head = outcome switch
            {
                AppendOutcome.Appended done => done.Head,
                AppendOutcome.HeadMoved moved => moved.Head,
                _ => throw new InvalidOperationException("An append is done or finds that the head moved."),
            };
        }
        finally
        {
            RegistryMetrics.Committed(start, appended is not null);
            if (appended is not null) _views.Apply(Name, operations);
            else _views.Forget(Name, operations);
        }

        return appended;
    }
}
