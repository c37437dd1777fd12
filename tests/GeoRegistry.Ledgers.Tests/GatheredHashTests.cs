using System.Security.Cryptography;
using System.Text;

namespace GeoRegistry.Ledgers.Tests;

public sealed class GatheredHashTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(5000)]
    public void Finish_FieldsOfAnyLength_IsTheHashOfAllTheirBytes(int length)
    {
        var (bytes, text) = (Enumerable.Range(0, length).Select(i => (byte)i).ToArray(), new string('é', length));
        byte[] expected =
        [
            1, .. bytes,
            0, 0, 0, 0, 0, 0, 1, 2,
            .. BigEndian(length), .. bytes,
            .. BigEndian(2 * length), .. Encoding.UTF8.GetBytes(text),
            .. Encoding.UTF8.GetBytes(text),
        ];

        var hash = new GatheredHash(stackalloc byte[16]);
        hash.Add([1]);
        hash.Add(bytes);
        hash.Add(0x102L);
        hash.AddField(bytes);
        hash.AddField(Encoding.UTF8.GetBytes(text));
        hash.Add(text);
        var result = new byte[SHA256.HashSizeInBytes];
        hash.Finish(result);

        Assert.Equal(SHA256.HashData(expected), result);
    }

    private static byte[] BigEndian(int number) => [(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];
}
