using System.Runtime.CompilerServices;
using System.Threading.Channels;
using GeoRegistry.Ledgers.Stores;

namespace GeoRegistry.Storage.Sqlite;

/// <summary>The one writer: a thread that runs all writes that wait in one transaction, so that they share one fsync.</summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    /// <summary>How many writes may wait; further callers wait for a place in the queue.</summary>
    private const int MaxWaiting = 4096;

    /// <summary>How many writes share a transaction: enough to spread the fsync, few enough to answer the first soon.</summary>
    private const int MaxBatch = 256;

    /// <summary>
    /// How much of the database the writer keeps: the pages of a large batch. SQLite looks at each page that it keeps at most commits
    /// (it gives pages a number past the end while it sorts them, and drops what is past the end), so that more costs more: with
    /// 32 MiB that was a fifth of the writer's time. What is not kept is in the system's cache.
    /// </summary>
    private const int CacheSizeBytes = 8 * 1024 * 1024;

    private readonly SqliteSession _session;
    private readonly StoreCalls _calls;
    private readonly Channel<IWrite> _waiting =
        Channel.CreateBounded<IWrite>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Opens the database and upgrades it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="begin">Writes what must be there before anything else, in a transaction of its own.</param>
    /// <param name="calls">Measures writes, from when they are asked for.</param>
    public SqliteWriter(string path, Action<SqliteSession> begin, StoreCalls calls)
    {
        _calls = calls;
        _session = new SqliteSession(path, CacheSizeBytes);
        try
        {
            Schema.Upgrade(_session);
            begin(_session);
        }
        catch
        {
            _session.Dispose();
            throw;
        }

        new Thread(Run) { IsBackground = true, Name = "metadata writer" }.Start();
    }

    private interface IWrite
    {
        /// <summary>Whether its caller has cancelled; then it is not run.</summary>
        bool IsAbandoned { get; }

        void Run(SqliteSession session);

        /// <summary>Answers the caller with what <see cref="Run"/> gave.</summary>
        void Succeed();

        void Fail(Exception cause);
    }

    /// <summary>Runs a write in a transaction and returns once it is on disk.</summary>
    /// <param name="write">Runs on the writer's thread, possibly twice: it must have no effects beside the database.</param>
    /// <param name="cancellation">Cancels as long as the transaction has not begun.</param>
    /// <param name="operation">What it is called in metrics and traces.</param>
    public Task<T> WriteAsync<T>(
        Func<SqliteSession, T> write, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        _calls.RunAsync(
            operation,
            async () =>
            {
                var waiting = new Write<T>(write, cancellation);
                await _waiting.Writer.WriteAsync(waiting, cancellation).ConfigureAwait(false);
                return await waiting.Result.ConfigureAwait(false);
            }).AsTask();

    /// <summary>Completes what waits, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _ended.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        try
        {
            var batch = new List<IWrite>(MaxBatch);
            while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var write))
                {
                    if (write.IsAbandoned) write.Fail(new OperationCanceledException());
                    else batch.Add(write);
                }

                Run(batch);
                batch.Clear();
            }

            _session.Dispose();
            _ended.SetResult();
        }
        catch (Exception e)
        {
            // Nothing that a write does ends here; but were it so, callers must hear of it and not wait for ever.
            _waiting.Writer.TryComplete(e);
            while (_waiting.Reader.TryRead(out var write)) write.Fail(e);
            _ended.SetException(e);
        }
    }

    private void Run(List<IWrite> batch)
    {
        if (batch.Count == 0) return;
        try
        {
            _session.Execute("BEGIN IMMEDIATE");
            foreach (var write in batch) write.Run(_session);
            _session.Execute("COMMIT");
            foreach (var write in batch) write.Succeed();
        }
        catch (Exception e)
        {
            Rollback();
            if (batch.Count == 1) batch[0].Fail(StoreFaults.Translate(e, "the metadata database"));
            else foreach (var write in batch) Run([write]);
        }
    }

    private void Rollback()
    {
        try
        {
            _session.Execute("ROLLBACK");
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            // SQLite has rolled back by itself, as it does when the disk is full.
        }
    }

    private sealed class Write<T>(Func<SqliteSession, T> write, CancellationToken cancellation) : IWrite
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _value = default!;

        public Task<T> Result => _result.Task;

        public bool IsAbandoned => cancellation.IsCancellationRequested;

        public void Run(SqliteSession session) => _value = write(session);

        public void Succeed() => _result.SetResult(_value);

        public void Fail(Exception cause)
        {
            if (cause is OperationCanceledException) _result.SetCanceled(cancellation);
            else _result.SetException(cause);
        }
    }
}
