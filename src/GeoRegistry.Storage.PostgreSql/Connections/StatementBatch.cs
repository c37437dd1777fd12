using Npgsql;

namespace GeoRegistry.Storage.PostgreSql.Connections;

/// <summary>
/// Statements that go to the database in one round trip, and are one transaction unless the connection is in one already.
/// </summary>
internal sealed class StatementBatch(NpgsqlConnection connection) : IAsyncDisposable
{
    private readonly NpgsqlBatch _batch = new(connection);
    private readonly List<Action<NpgsqlDataReader>> _results = [];

    /// <summary>Whether it has no statement.</summary>
    public bool IsEmpty => _batch.BatchCommands.Count == 0;

    /// <summary>Adds a statement that returns no rows, with values for <c>$1</c>, <c>$2</c>, …</summary>
    public void Execute(string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        Statements.Bind(command.Parameters, values);
        _batch.BatchCommands.Add(command);
    }

    /// <summary>Adds a query.</summary>
    /// <param name="sql">The query.</param>
    /// <param name="take">Takes each row, when the batch runs.</param>
    /// <param name="values">The values for <c>$1</c>, <c>$2</c>, …</param>
    public void Read(string sql, Action<NpgsqlDataReader> take, params ReadOnlySpan<object> values)
    {
        Execute(sql, values);
        _results.Add(take);
    }

    /// <summary>Adds a query whose rows say nothing, such as the call of a function.</summary>
    public void Call(string sql, params ReadOnlySpan<object> values) => Read(sql, static _ => { }, values);

    /// <summary>
    /// Has the transaction write, whatever the others find to do: so it waits for the standby, which then has what was committed before.
    /// </summary>
    public void Confirm() => Execute("UPDATE schema_version SET version = version");

    /// <summary>Runs the statements. They are not cancelled by a time limit: a commit may wait for a standby.</summary>
    /// <exception cref="UnconfirmedCommitException">They are committed, and a standby may not have them.</exception>
    public async Task RunAsync(CancellationToken cancellation = default)
    {
        _batch.Timeout = 0;
        var isUnconfirmed = false;
        connection.Notice += Note;
        try
        {
            await RunOnceAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            connection.Notice -= Note;
        }

        if (isUnconfirmed) throw new UnconfirmedCommitException();

        // The only warning of a commit is that its wait for the standby was cut short.
        void Note(object sender, NpgsqlNoticeEventArgs notice) => isUnconfirmed |= notice.Notice.SqlState == PostgresErrorCodes.Warning;
    }

    public ValueTask DisposeAsync() => _batch.DisposeAsync();

    private async Task RunOnceAsync(CancellationToken cancellation)
    {
        await _batch.PrepareAsync(cancellation).ConfigureAwait(false);
        var rows = await _batch.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await using (rows.ConfigureAwait(false))
        {
            foreach (var take in _results)
            {
                while (await rows.ReadAsync(cancellation).ConfigureAwait(false)) take(rows);
                await rows.NextResultAsync(cancellation).ConfigureAwait(false);
            }
        }
    }
}

/// <summary>A commit whose wait for the standby was cut short by an administrator: it counts as one whose answer was lost.</summary>
internal sealed class UnconfirmedCommitException() : NpgsqlException("a commit's wait for the standby was cut short")
{
    public override bool IsTransient => true;
}
