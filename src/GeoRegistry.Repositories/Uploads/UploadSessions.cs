using System.Collections.Concurrent;
using GeoRegistry.Ledgers;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Protocol;
using GeoRegistry.Protocol.Errors;
using GeoRegistry.Repositories.Blobs;

namespace GeoRegistry.Repositories.Uploads;

/// <summary>The uploads of a region. They survive a restart: what the process forgets, the blob store finds again.</summary>
public sealed class UploadSessions(RegionId region, IBlobStore store, RepositoryBlobs blobs, RepositoryOptions options, TimeProvider clock)
{
    /// <summary>
    /// How long a request waits for another one to the same session before it is looked whether that one still receives: as long without
    /// a byte, it is taken for dead, as its client lost the connection and repeats what it lost. Less than the 5 s that a region waits for
    /// what it relays to another: so the client may ask any of them how far the upload is.
    /// </summary>
    private static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(3);

    /// <summary>How long it waits after that.</summary>
    private static readonly TimeSpan TurnTimeout = TimeSpan.FromSeconds(17);

    /// <summary>How long an unused session keeps its running hash; later it is recomputed from the store.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, UploadSession> _sessions = new();
    private readonly UploadLimits _limits = UploadLimits.Of(options);

    /// <summary>The blobs that requests are to store.</summary>
    private readonly DigestsInUse _storing = new();

    // The open sessions of the store: those that the last sweep counted, and what changed since this process began.
    private long _counted;
    private long _change;

    /// <summary>How many sessions are in memory now.</summary>
    public int Count => _sessions.Count;

    /// <summary>Begins a session.</summary>
    /// <param name="repository">The repository that is to have the blob.</param>
    /// <param name="algorithm">The algorithm to hash by while bytes arrive; another at the end costs a second reading.</param>
    /// <returns>The session; null where <see cref="RepositoryOptions.MaxOpenUploads"/> are open.</returns>
    public async Task<UploadId?> BeginAsync(RepositoryName repository, DigestAlgorithm algorithm, CancellationToken cancellation = default)
    {
        var change = Interlocked.Increment(ref _change);
        try
        {
            if (Volatile.Read(ref _counted) + change > options.MaxOpenUploads)
            {
                Interlocked.Decrement(ref _change);
                return null;
            }

            var id = new UploadId(region, Guid.NewGuid());
            var key = id.KeyFor(repository);
            var session = NewSession(key, algorithm);
            await session.BeginAsync(cancellation).ConfigureAwait(false);
            await session.ReleaseAsync().ConfigureAwait(false);
            session.LastUsed = clock.GetTimestamp();
            _sessions[key] = session;
            return id;
        }
        catch
        {
            Interlocked.Decrement(ref _change);
            throw;
        }
    }

    /// <summary>How far a session is.</summary>
    public Task<UploadOutcome> StatusAsync(RepositoryName repository, UploadId id, CancellationToken cancellation = default) =>
        UseAsync(repository, id, session => Task.FromResult(session.Status()), cancellation);

    /// <summary>Appends a chunk. What had arrived when a client goes away stays, to be resumed after.</summary>
    public Task<UploadOutcome> AppendAsync(RepositoryName repository, UploadId id, UploadChunk chunk,
        CancellationToken cancellation = default) =>
        UseAsync(repository, id, session => session.AppendAsync(chunk, cancellation), cancellation);

    /// <summary>Appends the last chunk, which may be empty, and makes the session a blob of the repository.</summary>
    /// <remarks>Sent again after its answer was lost, it finds no session but the blob, and is answered as the first time.</remarks>
    public async Task<UploadOutcome> CompleteAsync(
        RepositoryName repository, UploadId id, UploadChunk chunk, Digest digest, CancellationToken cancellation = default)
    {
        UploadOutcome outcome;
        _storing.Begin(digest);
        try
        {
            outcome = await UseAsync(
                repository,
                id,
                async session =>
                {
                    var completed = await session.CompleteAsync(chunk, digest, cancellation).ConfigureAwait(false);
                    return await AcknowledgeAsync(repository, session, completed).ConfigureAwait(false);
                },
                cancellation,
                session => FindStoredAsync(repository, session, chunk, digest, cancellation)).ConfigureAwait(false);
        }
        finally
        {
            _storing.End(digest);
        }

        if (outcome is not UploadOutcome.Refused { Error.Code: var code } || code != ErrorCode.BlobUploadUnknown || id.Region != region)
            return outcome;
        return await FindCompletedAsync(repository, chunk, digest, cancellation).ConfigureAwait(false) ?? outcome;
    }

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

    /// <summary>
    /// Forgets sessions that are not used, and discards those that nothing was sent to for
    /// <see cref="RepositoryOptions.UploadExpiry"/>.
    /// </summary>
    /// <returns>How many uploads were discarded.</returns>
    /// <remarks>
    /// It deletes uploads of sessions only. Those of fetches from other regions have keys of another form, and whoever
    /// fetches sweeps them.
    /// </remarks>
    public async Task<int> SweepAsync(CancellationToken cancellation = default)
    {
        foreach (var (key, session) in _sessions)
        {
            if (clock.GetElapsedTime(session.LastUsed) >= IdleTime)
                await UnlessInUseAsync(key, session, session.CloseAsync, cancellation).ConfigureAwait(false);
        }

        var (discarded, listed, change) = (0, 0, Interlocked.Read(ref _change));
        var expired = clock.GetUtcNow() - options.UploadExpiry;
        await foreach (var (key, appendedAt) in store.ListUploadsAsync(cancellation).ConfigureAwait(false))
        {
            if (!UploadId.IsKey(key)) continue;
            listed++;
            if (appendedAt >= expired) continue;
            var session = _sessions.GetOrAdd(key, NewSession);
            await UnlessInUseAsync(key, session, Discard, cancellation).ConfigureAwait(false);

            async ValueTask Discard()
            {
                if (!await session.OpenAsync(cancellation).ConfigureAwait(false)) return;
                try
                {
                    await session.DiscardAsync(cancellation).ConfigureAwait(false);
                    discarded++;
                }
                catch (UploadTakenOverException)
                {
                    // A request continues it at this moment.
                }
            }
        }

        // What began or ended while it was listed may be counted twice; the next sweep counts again.
        Volatile.Write(ref _counted, listed - change);
        return discarded;
    }

    private async Task UnlessInUseAsync(string key, UploadSession session, Func<ValueTask> act, CancellationToken cancellation)
    {
        if (!await session.EnterAsync(TimeSpan.Zero, cancellation).ConfigureAwait(false)) return;
        try
        {
            if (session.IsClosed) return;
            await act().ConfigureAwait(false);
            await session.CloseAsync().ConfigureAwait(false);
            Remove(key, session);
        }
        finally
        {
            session.Leave();
        }
    }

    private void Remove(string key, UploadSession session)
    {
        if (_sessions.TryRemove(new KeyValuePair<string, UploadSession>(key, session)) && session.HasEnded)
            Interlocked.Decrement(ref _change);
    }

    private UploadSession NewSession(string key) => NewSession(key, DigestAlgorithm.Sha256);

    private UploadSession NewSession(string key, DigestAlgorithm algorithm) => new(store, key, algorithm, _limits, clock);

    private async Task<UploadOutcome> UseAsync(
        RepositoryName repository,
        UploadId id,
        Func<UploadSession, Task<UploadOutcome>> use,
        CancellationToken cancellation,
        Func<UploadSession, Task<UploadOutcome?>>? whereStored = null)
    {
        if (id.Region != region) return Unknown(id);
        var key = id.KeyFor(repository);
        while (true)
        {
            var session = _sessions.GetOrAdd(key, NewSession);
            if (!await EnterAsync(session, cancellation).ConfigureAwait(false))
                return new UploadOutcome.Refused(RegistryError.Of(
                    ErrorCode.TooManyRequests, "Another request to this upload is under way; try again after it."));
            try
            {
                if (session.IsClosed) continue;
                if (await session.OpenAsync(cancellation).ConfigureAwait(false)) return await use(session).ConfigureAwait(false);
                if (whereStored is not null && await whereStored(session).ConfigureAwait(false) is { } stored) return stored;
                if (session.Storing is null) await session.CloseAsync().ConfigureAwait(false);
                return Unknown(id);
            }
            catch (UploadTakenOverException)
            {
                await session.CloseAsync().ConfigureAwait(false); // It is another server's now; what is remembered here counts no more.
                return TakenOver;
            }
            finally
            {
                session.LastUsed = clock.GetTimestamp();
                await session.ReleaseAsync().ConfigureAwait(false);
                if (session.IsClosed) Remove(key, session);
                session.Leave();
            }
        }
    }

    private static async Task<bool> EnterAsync(UploadSession session, CancellationToken cancellation)
    {
        if (await session.EnterAsync(SilenceTimeout, cancellation).ConfigureAwait(false)) return true;
        session.CancelIfSilent(SilenceTimeout);
        return await session.EnterAsync(TurnTimeout, cancellation).ConfigureAwait(false);
    }

    // The closing request had stored the blob and failed after: the folder's sync, or the link.
    private async Task<UploadOutcome?> FindStoredAsync(
        RepositoryName repository, UploadSession session, UploadChunk chunk, Digest digest, CancellationToken cancellation)
    {
        if (session.Storing is not { } stored || stored.Digest != digest) return null;
        if (!await store.TouchAsync(digest, cancellation).ConfigureAwait(false)) return null;
        await chunk.Body.CopyToAsync(Stream.Null, cancellation).ConfigureAwait(false);
        return await AcknowledgeAsync(repository, session, stored).ConfigureAwait(false);
    }

    private async Task<UploadOutcome?> FindCompletedAsync(
        RepositoryName repository, UploadChunk chunk, Digest digest, CancellationToken cancellation)
    {
        if (await blobs.FindHereAsync(repository, digest, cancellation).ConfigureAwait(false) is not { } sizeBytes) return null;
        if (!await store.TouchAsync(digest, cancellation).ConfigureAwait(false)) return null;
        // Cut off in its sending, a client would not read the answer.
        await chunk.Body.CopyToAsync(Stream.Null, cancellation).ConfigureAwait(false);
        var completed = new UploadOutcome.Completed(digest, sizeBytes);
        await LinkAsync(repository, completed).ConfigureAwait(false); // The first request may have ended before it announced the blob.
        return completed;
    }

    // Within the session's turn: the next request to it finds the blob in the repository.
    private async Task<UploadOutcome> AcknowledgeAsync(RepositoryName repository, UploadSession session, UploadOutcome outcome)
    {
        if (outcome is not UploadOutcome.Completed completed) return outcome;
        var stored = clock.GetUtcNow();
        try
        {
            await LinkAsync(repository, completed).ConfigureAwait(false);
        }
        catch (StoreFaultException failure) when (failure.Fault == StoreFault.Full)
        {
            await GiveBackAsync(completed.Digest, stored).ConfigureAwait(false);
            throw;
        }

        await session.EndAsync().ConfigureAwait(false);
        return completed;
    }

    // The disk had space for the bytes and not for the link: the blob is nobody's. Whoever stores it now may have linked it soon; whoever
    // begins to store it later makes it younger.
    private async Task GiveBackAsync(Digest digest, DateTimeOffset stored)
    {
        if (_storing.CountOf(digest) > 1 || await blobs.IsAnywhereAsync(digest).ConfigureAwait(false)) return;
        await store.DeleteAsync(digest, ifOlderThan: stored).ConfigureAwait(false);
    }

    private Task LinkAsync(RepositoryName repository, UploadOutcome.Completed blob) =>
        blobs.LinkAsync(repository, blob.Digest, blob.SizeBytes, CancellationToken.None);

    private static readonly UploadOutcome.Refused TakenOver = new(RegistryError.Of(
        ErrorCode.TooManyRequests, "Another request has taken this upload over: ask how far the upload is, and go on from there."));

    private static UploadOutcome Unknown(UploadId id) =>
        new UploadOutcome.Refused(RegistryError.Of(ErrorCode.BlobUploadUnknown, null, ("upload", id.ToString())));
}
