using GeoRegistry.Storage.Files;

namespace GeoRegistry.Storage.Tests.Files;

public sealed class FileBlobReaderTests
{
    /// <summary>Nothing is mapped at the address 0 of a process, so that reading it fails as a damaged part of a disk does.</summary>
    [Fact]
    public async Task OpenRangeAsync_DiskCannotReadIt_SaysThatItIsDamaged()
    {
        await using var reader = new FileBlobReader(File.OpenHandle("/proc/self/mem"));
        await using var range = await reader.OpenRangeAsync(0, 10);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(async () => await range.ReadExactlyAsync(new byte[10]));
        Assert.Contains("cannot be read at 0", failure.Message, StringComparison.Ordinal);
    }
}
