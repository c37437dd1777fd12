using System.Text;
using GeoRegistry.Ledgers.Blobs;

namespace GeoRegistry.Storage.Azure;

/// <summary>The blocks of an upload, in order.</summary>
internal sealed class UploadBlocks
{
    /// <summary>The most blocks that a block blob may have.</summary>
    public const int MaxCount = 50_000;

    /// <summary>The size of the first blocks: larger ones gain nothing and cost memory.</summary>
    public const int FirstBlockBytes = 4 * 1024 * 1024;

    /// <summary>
    /// After so many blocks they are twice as large, and so on, up to 128 MiB: 50,000 blocks reach 2 TiB, and uploads up to 32 GiB need
    /// no more than 4 MiB of memory for each.
    /// </summary>
    private const int BlocksOfASize = 8192, MaxDoublings = 5;

    private readonly List<(string Id, long SizeBytes)> _blocks = [];

    /// <summary>The bytes of all blocks.</summary>
    public long SizeBytes { get; private set; }

    public int Count => _blocks.Count;

    /// <summary>How large the next block is to be.</summary>
    public int NextBlockBytes => FirstBlockBytes << Math.Min(_blocks.Count / BlocksOfASize, MaxDoublings);

    public IEnumerable<string> Ids => _blocks.Select(block => block.Id);

    /// <summary>Makes the id of a block: that of its holder, so that no two holders give the same, and a number.</summary>
    public static string IdOf(string holder, int number) => Convert.ToBase64String(Encoding.ASCII.GetBytes($"{holder}-{number:x8}"));

    public void Add(string id, long sizeBytes)
    {
        if (_blocks.Count == MaxCount) throw new UploadFullException(MaxCount);
        _blocks.Add((id, sizeBytes));
        SizeBytes += sizeBytes;
    }

    /// <summary>Leaves the blocks out that are behind a size.</summary>
    /// <returns>Whether a block ends there; else nothing is left out.</returns>
    public bool TryTruncate(long sizeBytes)
    {
        var (count, total) = (0, 0L);
        while (count < _blocks.Count && total < sizeBytes) total += _blocks[count++].SizeBytes;
        if (total != sizeBytes) return false;
        _blocks.RemoveRange(count, _blocks.Count - count);
        SizeBytes = sizeBytes;
        return true;
    }
}
