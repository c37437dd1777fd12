using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace GeoRegistry.Server.Transfers;

/// <summary>Gives all of the server's sockets the same pool, so that idle blocks of one serve the others.</summary>
internal sealed class TransferMemoryPoolFactory : IMemoryPoolFactory<byte>
{
    private readonly TransferMemoryPool _pool = new();

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => _pool;
}
