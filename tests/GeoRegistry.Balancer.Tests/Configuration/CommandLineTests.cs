using GeoRegistry.Balancer.Configuration;

namespace GeoRegistry.Balancer.Tests.Configuration;

public sealed class CommandLineTests
{
    [Fact]
    public void Read_RegionsAndAddress_AreTaken()
    {
        var config = CommandLine.Read(
            ["--listen", "http://127.0.0.1:8080", "--regions=eu=http://127.0.0.1:5001;us=https://us.example.com/"], out var faults);

        Assert.Empty(faults);
        Assert.Equal("http://127.0.0.1:8080", config.Listen);
        Assert.Equal(
            ["eu http://127.0.0.1:5001/", "us https://us.example.com/"],
            config.Regions.Select(region => $"{region.Id} {region.Address}"));
    }

    [Fact]
    public void Read_ManyFaults_AreAllTold()
    {
        CommandLine.Read(["--listen", "5000", "--regions", "EU=http://127.0.0.1:1;us=ftp://x;us", "--verbose"], out var faults);

        Assert.Equal(5, faults.Count);
    }

    [Theory]
    [InlineData]
    [InlineData("--regions")]
    [InlineData("--regions", ";")]
    [InlineData("--regions", "eu=http://127.0.0.1:1/path")]
    [InlineData("--regions", "eu=http://127.0.0.1:1;eu=http://127.0.0.1:2")]
    [InlineData("--regions", "eu=http://127.0.0.1:1", "--listen", "https://127.0.0.1:5000")]
    public void Read_NoUsableRegionsOrAddress_IsAFault(params string[] arguments)
    {
        CommandLine.Read(arguments, out var faults);

        Assert.NotEmpty(faults);
    }
}
