using System.Buffers;
using Azure.Storage.Blobs.Specialized;

namespace GeoRegistry.Storage.Azure;

/// <summary>Gathers bytes into blocks and sends each on while the next is gathered.</summary>
/// <remarks>Its memory is what is gathered and what is on its way: at most three blocks, and no more than an upload has bytes.</remarks>
internal sealed class BlockStaging(BlockBlobClient target, AzureFaults faults, string what)
{
    /// <summary>How many blocks are on their way at a time: while one is answered the other is sent.</summary>
    private const int MaxUnderWay = 2;

    private const int LeastBufferBytes = 64 * 1024;

    private readonly Queue<Task> _underWay = new();
    private CancellationTokenSource _dropping = new();
    private byte[] _buffer = [];

    /// <summary>How many bytes are gathered and not yet on their way.</summary>
    public int GatheredBytes { get; private set; }

    /// <summary>Gathers as many bytes as a block takes.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="blockBytes">How large the block is to be.</param>
    /// <returns>How many were gathered.</returns>
    public int Gather(ReadOnlySpan<byte> data, int blockBytes)
    {
        var part = data[..Math.Min(data.Length, blockBytes - GatheredBytes)];
        if (_buffer.Length < GatheredBytes + part.Length) Grow(GatheredBytes + part.Length, blockBytes);
        part.CopyTo(_buffer.AsSpan(GatheredBytes));
        GatheredBytes += part.Length;
        return part.Length;
    }

    /// <summary>Sends what is gathered as a block, once there is room for it among those that are on their way.</summary>
    /// <param name="id">The block's id.</param>
    /// <param name="cancellation">Cancels the wait; nothing is sent then.</param>
    public async Task SendAsync(string id, CancellationToken cancellation)
    {
        while (_underWay.Count >= MaxUnderWay)
        {
            await _underWay.Peek().WaitAsync(cancellation).ConfigureAwait(false);
            _ = _underWay.Dequeue();
        }

        _underWay.Enqueue(SendAsync(id, _buffer, GatheredBytes, _dropping.Token));
        (_buffer, GatheredBytes) = ([], 0);
    }

    /// <summary>Waits until all blocks that were sent have arrived.</summary>
    public async Task CompleteAsync(CancellationToken cancellation)
    {
        while (_underWay.TryPeek(out var first))
        {
            await first.WaitAsync(cancellation).ConfigureAwait(false);
            _ = _underWay.Dequeue();
        }
    }

    /// <summary>Drops what is gathered and what is on its way.</summary>
    public async ValueTask DropAsync()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, GatheredBytes) = ([], 0);
        if (_underWay.Count == 0) return;
        await _dropping.CancelAsync().ConfigureAwait(false);
        while (_underWay.TryDequeue(out var sending)) await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _dropping.Dispose();
        _dropping = new CancellationTokenSource();
    }

    private async Task SendAsync(string id, byte[] buffer, int count, CancellationToken cancellation)
    {
        try
        {
            using var content = new MemoryStream(buffer, 0, count, writable: false);
            await faults.RunAsync(
                what, () => target.StageBlockAsync(id, content, cancellationToken: cancellation), cancellation).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Grow(int neededBytes, int blockBytes)
    {
        var wantedBytes = Math.Max(LeastBufferBytes, Math.Max(neededBytes, 2 * _buffer.Length));
        var grown = ArrayPool<byte>.Shared.Rent(Math.Min(blockBytes, wantedBytes));
        _buffer.AsSpan(0, GatheredBytes).CopyTo(grown);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = grown;
    }
}
