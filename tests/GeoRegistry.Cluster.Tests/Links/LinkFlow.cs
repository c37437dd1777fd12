using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>One way of one connection: bytes are read, leave in turn, are under way, and arrive in order.</summary>
/// <param name="from">Where they are read.</param>
/// <param name="to">Where they are written.</param>
/// <param name="direction">The way they take.</param>
/// <param name="reset">Called where either end is gone.</param>
internal sealed class LinkFlow(Socket from, Socket to, LinkDirection direction, Func<Task> reset)
{
    private readonly Channel<Chunk> _underWay = Channel.CreateUnbounded<Chunk>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly ByteBudget _budget = new(direction.WindowBytes);
    private readonly Random _random = new(Random.Shared.Next());

    /// <summary>Ends when all has arrived, or nothing more can.</summary>
    public async Task RunAsync()
    {
        var reading = ReadAsync();
        if (!await TryWriteAllAsync())
        {
            _budget.Close();
            await reset();
        }

        await reading;
    }

    private async Task ReadAsync()
    {
        var writer = _underWay.Writer;
        var last = 0L;
        while (true)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(direction.ChunkBytes);
            int read;
            try
            {
                read = await from.ReceiveAsync(buffer.AsMemory(0, direction.ChunkBytes));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                read = -1;
            }

            // That a process is gone travels as its data does.
            last = Math.Max(last, await direction.SendAsync(Math.Max(0, read), _random));
            writer.TryWrite(new Chunk(buffer, read, last));
            if (read <= 0 || !await _budget.TakeAsync(read)) break;
        }

        writer.Complete();
    }

    private async Task<bool> TryWriteAllAsync()
    {
        await foreach (var chunk in _underWay.Reader.ReadAllAsync())
        {
            await LinkClock.Shared.UntilAsync(chunk.Arrival);
            await direction.PassAsync();
            if (!await TryWriteAsync(chunk)) return false;
            ArrayPool<byte>.Shared.Return(chunk.Buffer);
            _budget.Give(chunk.Length);
        }

        return true;
    }

    private async Task<bool> TryWriteAsync(Chunk chunk)
    {
        if (chunk.Length < 0) return false;
        try
        {
            if (chunk.Length == 0) to.Shutdown(SocketShutdown.Send);
            for (var sent = 0; sent < chunk.Length;) sent += await to.SendAsync(chunk.Buffer.AsMemory(sent, chunk.Length - sent));
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Bytes that were read together; a length of 0 is the end, -1 a reset.</summary>
    private readonly record struct Chunk(byte[] Buffer, int Length, long Arrival);
}
