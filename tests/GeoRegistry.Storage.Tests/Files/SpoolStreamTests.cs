using GeoRegistry.Ledgers.Stores;
using GeoRegistry.Storage.Files;

namespace GeoRegistry.Storage.Tests.Files;

/// <summary>A snapshot on its way through a disk that is full.</summary>
public sealed class SpoolStreamTests
{
    [Fact]
    public void Write_FullDisk_IsAFaultOfTheStore()
    {
        using var file = OpenFull(bufferSize: 0);
        var stream = new SpoolStream(file, "spool");

        var fault = Assert.Throws<StoreFaultException>(() => stream.Write(new byte[10]));
        Assert.Equal(StoreFault.Full, fault.Fault);
        Assert.Contains("spool", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>What was buffered is written only then.</summary>
    [Fact]
    public async Task Dispose_FullDisk_IsAFaultOfTheStore()
    {
        var stream = new SpoolStream(OpenFull(bufferSize: 4096), "spool");
        await stream.WriteAsync(new byte[10]);

        var fault = await Assert.ThrowsAsync<StoreFaultException>(async () => await stream.DisposeAsync());
        Assert.Equal(StoreFault.Full, fault.Fault);
    }

    private static FileStream OpenFull(int bufferSize) =>
        new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize);
}
