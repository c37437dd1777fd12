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
    /// What a primary is: system identifier and timeline, as <c>7301…/00000002</c>. The timeline is that of the WAL that is written now, as
    /// the control file may still have the one before.
    /// </summary>
    public const string ThisDatabase =
        "(SELECT system_identifier::text FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";

    private readonly Lock _lock = new();
    private string? _written, _seen;
    private TaskCompletionSource? _mended;
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
            _mended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _break = happened;
        }

        Broken?.Invoke();
    }

    /// <summary>Notes that another incarnation of the feed is written in a database from now on.</summary>
    public void Mend(string written)
    {
        TaskCompletionSource? mended;
        lock (_lock)
        {
            _written = _seen = written;
            _break = null;
            (mended, _mended) = (_mended, null);
        }

        mended?.SetResult();
    }

    /// <summary>Refuses what is about to be written to other data. To be asked with the connection at hand.</summary>
    /// <exception cref="DataReplacedException">The data is other than this region wrote.</exception>
    public void ThrowIfBroken()
    {
        if (_break is not null) throw new DataReplacedException();
    }

    /// <summary>Waits until the feed goes on.</summary>
    /// <exception cref="StoreUnavailableException">It did not in this time.</exception>
    public async Task AwaitMendAsync(TimeSpan timeout, TimeProvider clock)
    {
        Task mended;
        lock (_lock) mended = _mended?.Task ?? Task.CompletedTask;
        try
        {
            await mended.WaitAsync(timeout, clock).ConfigureAwait(false);
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
            ? $"is of a database that was promoted or recovered: it was written in timeline {Timeline(written)}, and is in {Timeline(now)} now"
            : $"is of another database server: it was written in the system {written[0]}, and is in {now[0]} now";
    }

    private static int Timeline(string[] database) => Convert.ToInt32(database[1], 16);
}

/// <summary>The server that answered is a standby: its primary is away, and it may be promoted soon.</summary>
internal sealed class StandbyException() : NpgsqlException("the server that answers is a standby, which takes no writes")
{
    public override bool IsTransient => true;
}

/// <summary>Nothing is appended to data that this region did not write last.</summary>
internal sealed class DataReplacedException : Exception;
