using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Stores;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Connections;

/// <summary>
/// Tells who waits that a feed has grown, whichever server appended: a connection of its own is woken by the database,
/// and asks for the heads by itself once a second, in case that a notification was lost.
/// </summary>
internal sealed class FeedListener : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1), ReconnectDelay = TimeSpan.FromMilliseconds(200);

    private readonly PostgreSqlDatabase _database;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<RegionId, PositionSignal> _heads = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly RegionId _region;
    private long _ownHead;
    private Task _running = Task.CompletedTask;

    public FeedListener(PostgreSqlDatabase database, RegionId region, TimeProvider time)
    {
        (_database, _region, _time) = (database, region, time);
        database.Continuity.Broken += ForgetHeads;
    }

    /// <summary>Reads where the feeds end now, and goes on to be told.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await _database.RunAsync(
            async (connection, cancellation) =>
            {
                await ReadHeadsAsync(connection, cancellation).ConfigureAwait(false);
                return true;
            },
            cancellation).ConfigureAwait(false);
        _running = RunAsync(_ending.Token);
    }

    /// <summary>Where a region's feed ends, as far as this server knows: 0 until the database has said it.</summary>
    public PositionSignal HeadOf(RegionId region) => _heads.GetOrAdd(region, static _ => new PositionSignal(0));

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(ending).ConfigureAwait(false);
            }
            catch (Exception) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // Whatever it is: reads and writes say so, and followers go on by the next connection.
                await Task.Delay(ReconnectDelay, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task ListenAsync(CancellationToken ending)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(_database.ConnectionString.ConnectionString) { Pooling = false }.ConnectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(ending).ConfigureAwait(false);
            await _database.Continuity.CheckAsync(connection).ConfigureAwait(false);
            await connection.ExecuteAsync($"LISTEN {PostgreSqlDatabase.FeedChannel}", [], ending).ConfigureAwait(false);
            await connection.ExecuteAsync(
                "SELECT pg_advisory_lock_shared(hashtext($1))", [_database.ServedLock], ending).ConfigureAwait(false);
            while (true)
            {
                await ReadHeadsAsync(connection, ending).ConfigureAwait(false);
                await _database.TryCloseCircuitAsync(ending).ConfigureAwait(false);
                await connection.WaitAsync(PollInterval, ending).ConfigureAwait(false);
            }
        }
    }

    private async Task ReadHeadsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var heads = await connection.ListAsync(
            row => (Region: row.GetString(0), Head: row.GetInt64(1)), "SELECT region, head FROM feeds", [], cancellation)
            .ConfigureAwait(false);
        foreach (var (region, head) in heads)
        {
            if (!RegionId.TryParse(region, out var id)) continue;
            if (id == _region) NoteOwn(head);
            HeadOf(id).Advance(head);
        }
    }

    // A feed of another region may begin anew, with smaller numbers.
    private void NoteOwn(long head)
    {
        if (head < _ownHead) _database.Continuity.Note($"was put back: the region's feed ended at {_ownHead}, and ends at {head} now");
        _ownHead = head;
    }

    // The feeds may end earlier than they did.
    private void ForgetHeads()
    {
        Volatile.Write(ref _ownHead, 0);
        foreach (var region in _heads.Keys)
        {
            if (_heads.TryRemove(region, out var head)) head.Fail(new StoreUnavailableException("The metadata database was replaced."));
        }
    }
}
