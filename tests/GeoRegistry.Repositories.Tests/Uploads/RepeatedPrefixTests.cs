using GeoRegistry.Repositories.Uploads;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Repositories.Tests.Uploads;

public sealed class RepeatedPrefixTests : IAsyncLifetime
{
    /// <summary>What is read at once.</summary>
    private const int Block = 64 * 1024;

    private static readonly byte[] Bytes = SampleBlob.Random(1, 4 * Block).Content;

    private readonly TestRegion _region = new(inMemory: true);
    private int _uploads;

    [Theory]
    [InlineData("ab", "ab", 2)]
    [InlineData("xab", "abc", 2)]
    [InlineData("xxxab", "ab", 2)]
    [InlineData("ab", "abcdef", 2)]
    [InlineData("a", "a", 1)]
    [InlineData("aba", "abax", 3, 1)]
    [InlineData("aaaaaaaa", "aaaaaa", 6, 5, 4, 3)]
    [InlineData("\0\0", "\0\0\0", 2, 1)]
    [InlineData("abc", "cba", 1)]
    [InlineData("abc", "xyz", 0)]
    [InlineData("", "abc", 0)]
    [InlineData("abc", "", 0)]
    public async Task FindAsync_FewBytes_FindsTheLongestThatAreThereTwice(string before, string body, params int[] lengths) =>
        Assert.Equal(
            lengths.Where(length => length > 0).Select(length => (long)length),
            await FindAsync([.. before.Select(each => (byte)each)], [.. body.Select(each => (byte)each)]));

    [Theory]
    [InlineData(1)]
    [InlineData(Block - 1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData(2 * Block)]
    [InlineData((3 * Block) - 1)]
    public async Task FindAsync_AroundTheEndsOfBlocks_FindsTheLength(int length)
    {
        var (acknowledged, body) = (Bytes[..Block], Bytes[Block..]);

        Assert.Equal(length, (await FindAsync([.. acknowledged, .. body[..length]], body))[0]);
    }

    [Fact]
    public async Task FindAsync_OneByteDiffers_FindsNothingThere()
    {
        var body = Bytes[..(2 * Block)];
        foreach (var at in new[] { 0, 1, Block - 1, Block, (2 * Block) - 1 })
        {
            var arrived = body.ToArray();
            arrived[at] ^= 1;

            Assert.DoesNotContain(2 * Block, await FindAsync(arrived, body));
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _region.DisposeAsync().AsTask();

    private async Task<IReadOnlyList<long>> FindAsync(byte[] before, byte[] body)
    {
        await using var upload = await _region.Blobs.BeginUploadAsync($"upload-{_uploads++}");
        await upload.AppendAsync(before);
        await upload.AppendAsync(body);
        await upload.FlushAsync();
        return await RepeatedPrefix.FindAsync(upload, before.Length, CancellationToken.None);
    }
}
