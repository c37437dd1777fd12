using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Blobs;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>The uploads of a region. They survive a restart: what the process forgets, the blob store finds again.</summary>
public sealed class UploadSessions(RegionId region, IBlobStore store, RepositoryBlobs blobs, RepositoryOptions options, TimeProvider clock)
{
    /// <summary>How long a request waits for another one to the same session: the one that a client gave up and repeats.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long an unused session keeps its file open.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, UploadSession> _sessions = new();
    private readonly long _maxSizeBytes = options.BlobMaxGiB * 1024L * 1024L * 1024L;

    /// <summary>How many sessions are in memory now.</summary>
    public int Count => _sessions.Count;

    /// <summary>Begins a session.</summary>
    /// <param name="repository">The repository that is to have the blob.</param>
    /// <param name="algorithm">The algorithm to hash by while bytes arrive; another at the end costs a second reading.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<UploadId> BeginAsync(RepositoryName repository, DigestAlgorithm algorithm, CancellationToken cancellation = default)
    {
        var id = new UploadId(region, Guid.NewGuid());
        var key = id.KeyFor(repository);
        var session = NewSession(key);
        await session.BeginAsync(algorithm, cancellation).ConfigureAwait(false);
        session.LastUsed = clock.GetTimestamp();
        _sessions[key] = session;
        return id;
    }

    /// <summary>How far a session is.</summary>
    public Task<UploadOutcome> StatusAsync(RepositoryName repository, UploadId id, CancellationToken cancellation = default) =>
        UseAsync(repository, id, session => Task.FromResult(session.Status()), cancellation);

    /// <summary>Appends a chunk. What had arrived when a client goes away stays, to be resumed after.</summary>
    public Task<UploadOutcome> AppendAsync(RepositoryName repository, UploadId id, UploadChunk chunk, CancellationToken cancellation = default) =>
        UseAsync(repository, id, session => session.AppendAsync(chunk, cancellation), cancellation);

    /// <summary>Appends the last chunk, which may be empty, and makes the session a blob of the repository.</summary>
    public Task<UploadOutcome> CompleteAsync(
        RepositoryName repository, UploadId id, UploadChunk chunk, Digest digest, CancellationToken cancellation = default) =>
        UseAsync(
            repository,
            id,
            async session =>
            {
                var appended = await session.AppendAsync(chunk, cancellation).ConfigureAwait(false);
                if (appended is UploadOutcome.Refused) return appended;
                var outcome = await session.CommitAsync(digest, cancellation).ConfigureAwait(false);
                if (outcome is UploadOutcome.Completed(var blob, var sizeBytes))
                    await blobs.LinkAsync(repository, blob, sizeBytes, CancellationToken.None).ConfigureAwait(false);
                return outcome;
            },
            cancellation);

    /// <summary>Ends a session and leaves nothing of it.</summary>
    public Task<UploadOutcome> CancelAsync(RepositoryName repository, UploadId id, CancellationToken cancellation = default) =>
        UseAsync(
            repository,
            id,
            async session =>
            {
                await session.DiscardAsync(cancellation).ConfigureAwait(false);
                return new UploadOutcome.Cancelled();
            },
            cancellation);

    /// <summary>Closes the files of sessions that are not used, and discards uploads that nothing was sent to for <see cref="RepositoryOptions.UploadExpiry"/>.</summary>
    /// <returns>How many uploads were discarded.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellation = default)
    {
        foreach (var (key, session) in _sessions)
        {
            if (clock.GetElapsedTime(session.LastUsed) >= IdleTime)
                await UnlessInUseAsync(key, session, session.CloseAsync, cancellation).ConfigureAwait(false);
        }

        var discarded = 0;
        var expired = clock.GetUtcNow() - options.UploadExpiry;
        await foreach (var (key, appendedAt) in store.ListUploadsAsync(cancellation).ConfigureAwait(false))
        {
            if (appendedAt >= expired || !UploadId.IsKey(key)) continue;
            var session = _sessions.GetOrAdd(key, NewSession);
            await UnlessInUseAsync(key, session, Discard, cancellation).ConfigureAwait(false);

            async ValueTask Discard()
            {
                if (!await session.ResumeAsync(cancellation).ConfigureAwait(false)) return;
                await session.DiscardAsync(cancellation).ConfigureAwait(false);
                discarded++;
            }
        }

        return discarded;
    }

    private async Task UnlessInUseAsync(string key, UploadSession session, Func<ValueTask> act, CancellationToken cancellation)
    {
        if (!await session.EnterAsync(TimeSpan.Zero, cancellation).ConfigureAwait(false)) return;
        try
        {
            if (!session.IsClosed) await act().ConfigureAwait(false);
            await session.CloseAsync().ConfigureAwait(false);
            Remove(key, session);
        }
        finally
        {
            session.Leave();
        }
    }

    private void Remove(string key, UploadSession session) => _sessions.TryRemove(new KeyValuePair<string, UploadSession>(key, session));

    private UploadSession NewSession(string key) => new(store, key, _maxSizeBytes);

    private async Task<UploadOutcome> UseAsync(
        RepositoryName repository, UploadId id, Func<UploadSession, Task<UploadOutcome>> use, CancellationToken cancellation)
    {
        if (id.Region != region) return Unknown(id);
        var key = id.KeyFor(repository);
        while (true)
        {
            var session = _sessions.GetOrAdd(key, NewSession);
            if (!await session.EnterAsync(Patience, cancellation).ConfigureAwait(false))
                return new UploadOutcome.Refused(RegistryError.Of(ErrorCode.TooManyRequests, "Another request to this upload is under way; try again after it."));
            try
            {
                if (session.IsClosed) continue;
                if (await session.ResumeAsync(cancellation).ConfigureAwait(false)) return await use(session).ConfigureAwait(false);
                await session.CloseAsync().ConfigureAwait(false);
                return Unknown(id);
            }
            catch
            {
                // The client went away or the store failed: the next request takes the upload up from what the store has.
                await session.CloseAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                session.LastUsed = clock.GetTimestamp();
                if (session.IsClosed) Remove(key, session);
                session.Leave();
            }
        }
    }

    private static UploadOutcome Unknown(UploadId id) =>
        new UploadOutcome.Refused(RegistryError.Of(ErrorCode.BlobUploadUnknown, null, ("upload", id.ToString())));
}
