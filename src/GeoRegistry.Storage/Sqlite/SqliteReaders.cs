using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>Connections for reading. In WAL mode a reader sees the last committed state and waits for nobody.</summary>
internal sealed class SqliteReaders(string path, StoreCalls calls) : IDisposable
{
    /// <summary>How many connections are kept; more are opened while more threads read at once, and closed after.</summary>
    private const int MaxIdle = 16;

    internal const int CacheSizeBytes = 4 * 1024 * 1024;

    private readonly ConcurrentBag<SqliteSession> _idle = [];

    /// <summary>Reads on a connection of one's own.</summary>
    public T Read<T>(Func<SqliteSession, T> read, [CallerMemberName] string operation = "") =>
        calls.Run(operation, () => ReadNow(read));

    /// <summary>Reads one moment's state, by however many queries.</summary>
    public T ReadOneMoment<T>(Func<SqliteSession, T> read, [CallerMemberName] string operation = "") => Read(
        session =>
        {
            session.Execute("BEGIN");
            var result = read(session);
            session.Execute("ROLLBACK");
            return result;
        },
        operation);

    /// <summary>Reads one moment's state by queries between which something else is awaited.</summary>
    public Task<T> ReadOneMomentAsync<T>(Func<SqliteSession, Task<T>> read, [CallerMemberName] string operation = "") =>
        calls.RunAsync(operation, () => ReadOneMomentNowAsync(read)).AsTask();

    public void Dispose()
    {
        while (_idle.TryTake(out var session)) session.Dispose();
    }

    private T ReadNow<T>(Func<SqliteSession, T> read)
    {
        var session = Take();
        var healthy = false;
        try
        {
            var result = read(session);
            healthy = true;
            return result;
        }
        finally
        {
            Return(session, healthy);
        }
    }

    private async ValueTask<T> ReadOneMomentNowAsync<T>(Func<SqliteSession, Task<T>> read)
    {
        var session = Take();
        var healthy = false;
        try
        {
            session.Execute("BEGIN");
            var result = await read(session).ConfigureAwait(false);
            session.Execute("ROLLBACK");
            healthy = true;
            return result;
        }
        finally
        {
            Return(session, healthy);
        }
    }

    private SqliteSession Take() => _idle.TryTake(out var idle) ? idle : new SqliteSession(path, CacheSizeBytes);

    private void Return(SqliteSession session, bool healthy)
    {
        if (healthy && _idle.Count < MaxIdle) _idle.Add(session);
        else session.Dispose();
    }
}
