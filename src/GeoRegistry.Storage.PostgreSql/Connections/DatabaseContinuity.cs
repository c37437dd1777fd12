using GeoRegistry.Ledgers.Stores;
using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Connections;

/// <summary>Whether the database is still the one in which this region's feed was written last.</summary>
/// <remarks>
/// <para>
/// Each connection is asked once, when it is opened, for the server's system identifier and timeline: neither changes under it. What
/// the feed was written in is in the feed's own row, so that it is known after a start, too, and goes with the data to a standby or a
/// copy. A former primary that comes back has its own row; its feed is of an incarnation that has ended, which the topology tells.
/// </para>
/// <para>
/// A copy of the files that is put in place of them has the same timeline. While the server runs, that is noticed by the end of the feed,
/// which never goes back; after its start, by the regions that follow the feed.
/// </para>
/// </remarks>
internal sealed class DatabaseContinuity : IDataContinuity
{
    /// <summary>
    /// What a primary is: system identifier and timeline, as <c>7301…/00000002</c>. The timeline is that of the WAL that is written
    /// now, as the control file may still have the one before.
    /// </summary>
    public const string ThisDatabase =
        "(SELECT system_identifier::text FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";

    private readonly Lock _lock = new();
    private string? _written, _seen;
    private readonly AsyncLocal<bool> _recovers = new();
    private volatile TaskCompletionSource? _held, _mended;
    private volatile string? _break;

    /// <inheritdoc/>
    public event Action? Broken;

    /// <inheritdoc/>
    public string? Break => _break;

    /// <summary>Asks a connection that was just opened. Nothing else has been asked of it.</summary>
    public async Task CheckAsync(NpgsqlConnection connection)
    {
        var found = await connection.ListAsync(
            row => row.GetString(0), $"SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE {ThisDatabase} END", [], default)
            .ConfigureAwait(false);
        if (found[0] is not { Length: > 0 } database) throw new StandbyException();
        lock (_lock)
        {
            if (_seen == database) return;
            _seen = database;
            if (_written is null || _written == database) return;
        }

        Note(Describe(database));
    }

    /// <summary>Begins with what the feed was written in.</summary>
    public void Begin(string written)
    {
        string? other;
        lock (_lock)
        {
            _written = written;
            other = _seen == written ? null : _seen;
        }

        if (other is not null) Note(Describe(other));
    }

    /// <summary>Notes that the data is other than it was.</summary>
    public void Note(string happened)
    {
        lock (_lock)
        {
            _held ??= NewWait();
            _mended ??= NewWait();
            _break = happened;
        }

        Broken?.Invoke();
    }

    /// <summary>Notes that another incarnation of the feed is written in a database from now on.</summary>
    public void Mend(string written)
    {
        lock (_lock)
        {
            _written = _seen = written;
            _break = null;
            _mended?.SetResult();
            _mended = null;
        }
    }

    /// <inheritdoc/>
    public void Recover() => _recovers.Value = true;

    /// <inheritdoc/>
    public void Release()
    {
        lock (_lock)
        {
            _held?.SetResult();
            _held = null;
        }
    }

    /// <summary>Ends what would read other data than this region wrote. To be called with the connection at hand.</summary>
    /// <exception cref="DataReplacedException">The data was replaced when the connection was opened, or before.</exception>
    public void ThrowIfHeld()
    {
        if (_held is not null && !_recovers.Value) throw new DataReplacedException();
    }

    /// <summary>Waits until data that was replaced may be read.</summary>
    /// <exception cref="StoreUnavailableException">The region did not recover in this time.</exception>
    public ValueTask AwaitReleaseAsync(TimeSpan timeout, TimeProvider clock, CancellationToken cancellation) =>
        _held is { } held && !_recovers.Value ? new ValueTask(AwaitAsync(held, timeout, clock, cancellation)) : default;

    /// <summary>Waits until the feed goes on.</summary>
    /// <exception cref="StoreUnavailableException">It did not in this time.</exception>
    public Task AwaitMendAsync(TimeSpan timeout, TimeProvider clock) =>
        _mended is { } mended ? AwaitAsync(mended, timeout, clock, default) : Task.CompletedTask;

    private static TaskCompletionSource NewWait() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task AwaitAsync(TaskCompletionSource awaited, TimeSpan timeout, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            await awaited.Task.WaitAsync(timeout, clock, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new StoreUnavailableException($"The metadata {_break}, and the region has not recovered yet what others have.", e);
        }
    }

    private string Describe(string database)
    {
        var (written, now) = (_written!.Split('/'), database.Split('/'));
        return written[0] == now[0]
            ? "is of a database that was promoted or recovered: "
                + $"it was written in timeline {Timeline(written)}, and is in {Timeline(now)} now"
            : $"is of another database server: it was written in the system {written[0]}, and is in {now[0]} now";
    }

    private static int Timeline(string[] database) => Convert.ToInt32(database[1], 16);
}

/// <summary>The server that answered is a standby: its primary is away, and it may be promoted soon.</summary>
internal sealed class StandbyException() : NpgsqlException("the server that answers is a standby, which takes no writes")
{
    public override bool IsTransient => true;
}

/// <summary>The data was replaced by other than this region wrote last, and is not read before the region has recovered.</summary>
internal sealed class DataReplacedException : Exception;
