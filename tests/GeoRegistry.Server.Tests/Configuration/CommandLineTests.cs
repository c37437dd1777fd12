using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>What the process answers to its command line, without serving.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_PrintsUsageAndExitsZero()
    {
        var run = await ServerCommand.RunAsync("--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("usage:", run.Output, StringComparison.Ordinal);
        string[] options = ["--listen", "--data", "--region", "--config", "--topology", "--etcd", "--peer-listen", "--peer-key"];
        foreach (var option in options)
            Assert.Contains(option, run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task InvalidValues_AreAllReportedAtOnce()
    {
        using var folder = new TemporaryFolder();
        using var environment = new EnvironmentScope(("GeoRegistry__Repositories__Nonsense", "1"));
        var run = await ServerCommand.RunAsync(
            "--region", "Not_A_Region",
            "--listen", "ftp://nowhere;http://127.0.0.1:0/path",
            "--data", folder.Child("data"),
            "--GeoRegistry:Colour", "green",
            "--GeoRegistry:DrainTimeout", "soon");
        AssertRefused(
            run,
            "GeoRegistry:DrainTimeout is 'soon'",
            "GeoRegistry:Colour is not an option",
            "GeoRegistry:Repositories:Nonsense is not an option",
            "'Not_A_Region' is not a region id",
            "'ftp://nowhere' is not an address",
            "'http://127.0.0.1:0/path' is not an address");
        Assert.False(Directory.Exists(folder.Child("data")), "A configuration that is refused leaves nothing behind.");
    }

    [Fact]
    public async Task ValuesOutOfRange_AreAllReportedAtOnce()
    {
        var run = await ServerCommand.RunAsync(
            "--GeoRegistry:DrainTimeout", "02:00:00",
            "--GeoRegistry:Repositories:ManifestCacheMiB", "0",
            "--GeoRegistry:Repositories:BlobCacheMiB", "much",
            "--GeoRegistry:Repositories:CachedBlobMaxKiB", "2000",
            "--GeoRegistry:Repositories:UploadExpiry", "00:00:01",
            "--GeoRegistry:Repositories:BlobMaxGiB", "-1");
        AssertRefused(
            run,
            "GeoRegistry:DrainTimeout:",
            "GeoRegistry:Repositories:ManifestCacheMiB:",
            "GeoRegistry:Repositories:BlobCacheMiB is 'much'",
            "GeoRegistry:Repositories:CachedBlobMaxKiB:",
            "GeoRegistry:Repositories:UploadExpiry:",
            "GeoRegistry:Repositories:BlobMaxGiB:");
    }

    [Fact]
    public async Task FaultsOfOneSection_AttributesAndRules_AreAllReportedAtOnce()
    {
        var run = await ServerCommand.RunAsync("--region", "Not_A_Region", "--GeoRegistry:DrainTimeout", "02:00:00");
        AssertRefused(run, "'Not_A_Region' is not a region id", "GeoRegistry:DrainTimeout:");
    }

    [Fact]
    public async Task UnknownOptionBesideAnInvalidValue_BothAreReported()
    {
        var run = await ServerCommand.RunAsync("--bogus", "1", "--region", "Not_A_Region");
        AssertRefused(run, "'--bogus' is not an option", "'Not_A_Region' is not a region id");
    }

    [Fact]
    public async Task FaultsOfEtcd_AreAllReportedAtOnce()
    {
        using var folder = new TemporaryFolder();
        var run = await ServerCommand.RunAsync(
            "--topology", folder.Child("topology.json"),
            "--etcd", "https://10.0.0.1:2379;http://10.0.0.2:2379;10.0.0.3:2379;https://10.0.0.1:2379/",
            "--GeoRegistry:Etcd:Prefix", "georegistry/",
            "--GeoRegistry:Etcd:User", "georegistry",
            "--GeoRegistry:Etcd:CertificateFile", folder.Child("missing.crt"),
            "--GeoRegistry:Etcd:Timeout", "00:00:00");
        AssertRefused(
            run,
            "GeoRegistry:Topology: the topology is either in a file or in etcd",
            "GeoRegistry:Peer:KeyFile:",
            "GeoRegistry:Etcd:Endpoints: '10.0.0.3:2379' is not a member of etcd",
            "GeoRegistry:Etcd:Endpoints: https://10.0.0.1:2379 is listed twice",
            "GeoRegistry:Etcd:Endpoints: some members are reached by http and some by https",
            "GeoRegistry:Etcd:Prefix: 'georegistry/'",
            "GeoRegistry:Etcd:PasswordFile: the user georegistry has no password",
            "GeoRegistry:Etcd:KeyFile: there is a certificate without its private key",
            $"GeoRegistry:Etcd:CertificateFile: there is no file '{folder.Child("missing.crt")}'",
            "GeoRegistry:Etcd:Timeout:");
    }

    [Fact]
    public async Task CertificateOfEtcdThatIsNone_IsReported()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Child("ca.crt"), "no certificate");
        var run = await ServerCommand.RunAsync("--etcd", "https://10.0.0.1:2379", "--GeoRegistry:Etcd:Authority", folder.Child("ca.crt"));
        AssertRefused(run, "GeoRegistry:Etcd:Authority:", "has no certificate in PEM");
    }

    [Fact]
    public async Task OptionWithoutValue_IsReported() => AssertRefused(await ServerCommand.RunAsync("--listen"), "--listen needs a value");

    [Theory]
    [InlineData(";")]
    [InlineData("http://127.0.0.1:99999")]
    public async Task ListenOnNothing_IsReported(string listen)
    {
        using var folder = new TemporaryFolder();
        AssertRefused(await ServerCommand.RunAsync("--listen", listen, "--data", folder.Path), "GeoRegistry:Listen");
    }

    [Fact]
    public async Task KeyOfAPropertyThatIsNoOption_IsReported() =>
        AssertRefused(await ServerCommand.RunAsync("--GeoRegistry:Urls:0", "http://127.0.0.1:0", "--region", "Not_A_Region"),
            "GeoRegistry:Urls is not an option");

    [Fact]
    public async Task ConfigurationFileMissing_IsReported()
    {
        using var folder = new TemporaryFolder();
        AssertRefused(await ServerCommand.RunAsync("--config", folder.Child("missing.json")), folder.Child("missing.json"));
    }

    [Fact]
    public async Task ConfigurationFileMalformed_IsReported()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Child("bad.json"), "{ \"GeoRegistry\": ");
        AssertRefused(await ServerCommand.RunAsync("--config", folder.Child("bad.json")), folder.Child("bad.json"));
    }

    private static void AssertRefused(ServerCommand run, params string[] faults)
    {
        foreach (var fault in faults) Assert.Contains(fault, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.ExitCode);
    }
}
