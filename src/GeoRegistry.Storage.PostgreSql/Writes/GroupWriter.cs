using System.Runtime.CompilerServices;
using System.Threading.Channels;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.PostgreSql.Connections;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Writes;

/// <summary>Lets the appends and links that wait share a transaction: two round trips and one commit for all of them.</summary>
/// <remarks>
/// A group that fails is run again one by one, so that one that cannot be carried out fails alone. While the database is away, writes
/// wait and are tried again; whether a transaction was carried out whose answer was lost is told by the ledger itself.
/// </remarks>
internal sealed class GroupWriter : IAsyncDisposable
{
    /// <summary>How many writes may wait; further ones are refused, as more would wait too long.</summary>
    private const int MaxWaiting = 4096;

    /// <summary>How many writes share a transaction.</summary>
    private const int MaxBatch = 256;

    private readonly PostgreSqlDatabase _database;
    private readonly WriteGroup _group;
    private readonly StoreCalls _calls;
    private readonly Channel<PendingWrite> _waiting =
        Channel.CreateBounded<PendingWrite>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly Task _running;

    public GroupWriter(PostgreSqlDatabase database, WriteGroup group, StoreCalls calls)
    {
        (_database, _group, _calls) = (database, group, calls);
        _running = RunAsync();
    }

    /// <summary>Carries out a write, and returns once it is on disk.</summary>
    /// <exception cref="StoreUnavailableException">The database is away, or too many wait for it.</exception>
    public Task<T> WriteAsync<T>(PendingWrite<T> write, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        _calls.RunAsync(
            operation,
            async () =>
            {
                cancellation.ThrowIfCancellationRequested();
                if (!_waiting.Writer.TryWrite(write))
                    throw new StoreUnavailableException($"{MaxWaiting} writes wait for the metadata database, as many as may.");
                return await write.Result.ConfigureAwait(false);
            }).AsTask();

    /// <summary>Carries out what waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        List<PendingWrite> batch = [], later = [];
        while (later.Count > 0 || await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            Gather(batch, later);
            await RunAsync(batch).ConfigureAwait(false);
            batch.Clear();
        }
    }

    // A commit that follows another of its ledger is decided on what that one left: it is for the next group.
    private void Gather(List<PendingWrite> batch, List<PendingWrite> later)
    {
        var appended = new HashSet<LedgerId>();
        PendingWrite[] first = [.. later];
        later.Clear();
        foreach (var write in first) Add(write);
        while (batch.Count < MaxBatch && later.Count < MaxBatch && _waiting.Reader.TryRead(out var write)) Add(write);

        void Add(PendingWrite write)
        {
            if (write.IsAbandoned) write.Fail(new OperationCanceledException());
            else if (write is PendingAppend append && !appended.Add(append.Commit.Ledger)) later.Add(write);
            else batch.Add(write);
        }
    }

    private async Task RunAsync(IReadOnlyList<PendingWrite> batch)
    {
        if (batch.Count == 0) return;
        try
        {
            while (!await TryCarryOutAsync(batch).ConfigureAwait(false)) await _database.AwaitMendAsync().ConfigureAwait(false);
            foreach (var write in batch) write.Succeed();
        }
        catch (Exception e) when (batch.Count > 1 && e is not StoreUnavailableException)
        {
            foreach (var write in batch) await RunAsync([write]).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            foreach (var write in batch) write.Fail(e);
        }
    }

    // Commits that are missing in data that was replaced may be in other regions, and others must not be appended in their place.
    private async Task<bool> TryCarryOutAsync(IReadOnlyList<PendingWrite> batch)
    {
        return batch.Count > 1
            ? await _database.RunAsync(
                (connection, _) => CarryOutAsync(connection), default, mayTakeLong: true, nameof(WriteGroup)).ConfigureAwait(false)
            : await _database.RunAgainAsync(CarryOutAsync, default, mayTakeLong: true, nameof(WriteGroup)).ConfigureAwait(false);

        async Task<bool> CarryOutAsync(NpgsqlConnection connection)
        {
            if (_database.Continuity.Break is not null) return false;
            await _group.RunAsync(connection, batch).ConfigureAwait(false);
            return true;
        }
    }
}
