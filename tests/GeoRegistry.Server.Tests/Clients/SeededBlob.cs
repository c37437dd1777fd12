using System.Runtime.InteropServices;
using GeoRegistry.Protocol;

namespace GeoRegistry.Server.Tests.Clients;

/// <summary>A blob whose bytes follow from a number, so that a test can hold thousands and compare each byte by byte.</summary>
internal sealed class SeededBlob
{
    private readonly ulong _seed;

    public SeededBlob(ulong seed, int sizeBytes)
    {
        _seed = seed;
        SizeBytes = sizeBytes;
        Digest = Digest.Of(ToBytes());
    }

    public int SizeBytes { get; }

    public Digest Digest { get; }

    public byte[] ToBytes()
    {
        var words = new ulong[(SizeBytes + 7) / 8];
        var state = _seed;
        for (var i = 0; i < words.Length; i++)
        {
            // SplitMix64, by Vigna.
            var word = state += 0x9E3779B97F4A7C15;
            word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
            word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
            words[i] = word ^ (word >> 31);
        }

        return MemoryMarshal.AsBytes(words.AsSpan())[..SizeBytes].ToArray();
    }
}
