namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>What is on disk for certain, and the changes after it that only the page cache has.</summary>
internal abstract class RecordedNode
{
    /// <summary>How many changes there were since the beginning.</summary>
    public long Changes { get; protected set; }

    /// <summary>Puts all changes up to one on disk, as a sync does that began after it.</summary>
    public abstract void Sync(long changes);
}

/// <summary>A file: its bytes as processes see them, and as a power loss leaves them.</summary>
internal sealed class RecordedFile : RecordedNode
{
    private readonly Queue<Change> _unsynced = [];
    private readonly FileBytes _durable = new();
    private long _synced;

    /// <summary>The bytes that processes see.</summary>
    public FileBytes Seen { get; } = new();

    /// <summary>The bytes that are on disk for certain.</summary>
    public ReadOnlyMemory<byte> Durable => _durable.Memory;

    public void Write(long offset, byte[] data) => Make(new Change(offset, data));

    public void SetLength(long length) => Make(new Change(length, null));

    public override void Sync(long changes)
    {
        for (; _synced < changes; _synced++) _unsynced.Dequeue().ApplyTo(_durable);
    }

    /// <summary>The bytes after a power loss.</summary>
    /// <param name="survives">Says of each change that was not synced whether it reached the disk all the same; null for none.</param>
    public ReadOnlyMemory<byte> AfterPowerLoss(Func<bool>? survives)
    {
        if (survives is null || _unsynced.Count == 0) return Durable;
        var bytes = new FileBytes();
        bytes.Write(0, _durable.Memory.Span);
        foreach (var change in _unsynced.Where(_ => survives())) change.ApplyTo(bytes);
        return bytes.Memory;
    }

    private void Make(Change change)
    {
        change.ApplyTo(Seen);
        _unsynced.Enqueue(change);
        Changes++;
    }

    /// <summary>A write at an offset; without data a new length.</summary>
    private sealed record Change(long Offset, byte[]? Data)
    {
        public void ApplyTo(FileBytes bytes)
        {
            if (Data is null) bytes.SetLength((int)Offset);
            else bytes.Write((int)Offset, Data);
        }
    }
}

/// <summary>Bytes that grow, with zeros where nothing was written.</summary>
internal sealed class FileBytes
{
    private byte[] _buffer = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, Length);

    public void Write(int offset, ReadOnlySpan<byte> data)
    {
        if (offset + data.Length > Length) SetLength(offset + data.Length);
        data.CopyTo(_buffer.AsSpan(offset));
    }

    public void SetLength(int length)
    {
        if (length > _buffer.Length) Array.Resize(ref _buffer, Math.Max(length, _buffer.Length * 2));
        if (length < Length) _buffer.AsSpan(length, Length - length).Clear();
        Length = length;
    }
}
