using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;

namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>A write that shares a transaction with others, and whose caller waits for it.</summary>
internal abstract class PendingWrite(CancellationToken cancellation)
{
    /// <summary>Whether its caller has cancelled; then it is not run.</summary>
    public bool IsAbandoned => cancellation.IsCancellationRequested;

    /// <summary>Whether a transaction with it was begun whose outcome is not known.</summary>
    public bool MayBeCarriedOut { get; set; }

    /// <summary>Answers the caller with its outcome.</summary>
    public abstract void Succeed();

    /// <summary>Answers the caller with a failure.</summary>
    public abstract void Fail(Exception cause);
}

/// <inheritdoc/>
internal abstract class PendingWrite<T>(CancellationToken cancellation) : PendingWrite(cancellation)
{
    private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What its caller waits for.</summary>
    public Task<T> Result => _result.Task;

    /// <summary>What it came to, once the transaction is carried out.</summary>
    public T Outcome { get; set; } = default!;

    public sealed override void Succeed() => _result.SetResult(Outcome);

    public sealed override void Fail(Exception cause) => _result.SetException(cause);
}

/// <summary>A commit to be appended.</summary>
internal sealed class PendingAppend(
    LedgerHead expected, Commit commit, byte[] encoded, IReadOnlyList<MissingBlob> missing, CancellationToken cancellation)
    : PendingWrite<AppendOutcome>(cancellation)
{
    public LedgerHead Expected => expected;

    public Commit Commit => commit;

    public byte[] Encoded => encoded;

    public IReadOnlyList<MissingBlob> Missing => missing;

    /// <summary>The ledger's head with it.</summary>
    public LedgerHead Next { get; } = expected.After(commit.Epoch, encoded);
}

/// <summary>An uploaded blob to be linked.</summary>
internal sealed class PendingLink(
    RepositoryName repository, Digest digest, long sizeBytes, bool announce, CancellationToken cancellation)
    : PendingWrite<BlobAnnouncement?>(cancellation)
{
    public RepositoryName Repository => repository;

    public Digest Digest => digest;

    public long SizeBytes => sizeBytes;

    public bool Announce => announce;
}
