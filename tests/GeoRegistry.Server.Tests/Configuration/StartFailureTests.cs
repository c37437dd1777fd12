using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>What makes a start impossible ends it with exit code 1 and a sentence that names the thing.</summary>
public sealed class StartFailureTests
{
    [Fact]
    public async Task PortInUse_ExitsOneAndNamesTheAddress()
    {
        using var folder = new TemporaryFolder();
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        AssertCouldNotStart(await ServerCommand.RunAsync("--listen", $"http://{holder.LocalEndpoint}", "--data", folder.Path),
            $"{holder.LocalEndpoint}");
    }

    [Fact]
    public async Task AddressOfAnotherMachine_ExitsOneAndNamesTheAddress()
    {
        using var folder = new TemporaryFolder();
        AssertCouldNotStart(await ServerCommand.RunAsync("--listen", "http://192.0.2.1:5000", "--data", folder.Path), "192.0.2.1");
    }

    [Fact]
    public async Task DataFolderOfAnotherServer_ExitsOneAndNamesTheFolder()
    {
        using var folder = new TemporaryFolder();
        await using var first = await RegistryProcess.StartAsync(folder.Path);
        AssertCouldNotStart(await ServerCommand.RunAsync("--listen", "http://127.0.0.1:0", "--data", folder.Path), folder.Path);
        using var http = first.CreateClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz/ready")).StatusCode);
    }

    [Fact]
    public async Task DataFolderIsReadOnly_ExitsOneAndSaysSo()
    {
        using var disk = new SmallDisk(sizeMiB: 20);
        await using (var server = await RegistryProcess.StartAsync(disk.Path)) await server.StopAsync();
        disk.MakeReadOnly();

        var run = await ServerCommand.RunAsync("--listen", "http://127.0.0.1:0", "--data", disk.Path);

        AssertCouldNotStart(run, $"The data folder {disk.Path} is on a read-only file system");
        Assert.DoesNotContain("nother server", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataFolderOfAnotherUser_StartFailsAndSaysWhoLacksPermission()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await RegistryProcess.StartAsync(folder.Path)) await server.StopAsync();
        using (var chmod = Process.Start("chmod", ["755", folder.Path])) await chmod.WaitForExitAsync();

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RegistryProcess.StartThroughAsync(["setpriv", "--reuid", "65534", "--clear-groups"], folder.Path));

        Assert.Contains($"The user nobody may not write the data folder {folder.Path}", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("nother server", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataFolderIsAFile_ExitsOneAndNamesIt()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Child("file"), "");
        AssertCouldNotStart(
            await ServerCommand.RunAsync("--listen", "http://127.0.0.1:0", "--data", folder.Child("file")), folder.Child("file"));
    }

    [Fact]
    public async Task MetadataIsNoDatabase_ExitsOneAndNamesTheFolder()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Child("metadata.db"), new string('x', 8192));
        AssertCouldNotStart(await ServerCommand.RunAsync("--listen", "http://127.0.0.1:0", "--data", folder.Path), folder.Path);
    }

    [Fact]
    public async Task EtcdDoesNotAnswer_ExitsOneAndSaysWhoAndWhy()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Child("key"), new string('k', 32));
        var etcd = $"http://127.0.0.1:{FreePorts.Take()}";
        AssertCouldNotStart(
            await ServerCommand.RunAsync(
                "--listen", "http://127.0.0.1:0", "--region", "eu", "--data", folder.Child("data"), "--peer-key", folder.Child("key"),
                "--etcd", etcd, "--GeoRegistry:Etcd:Timeout", "00:00:01"),
            $"did not answer within 1 s: {etcd}: connection refused");
    }

    [Fact]
    public async Task HttpsWithoutCertificate_ExitsOneAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        AssertCouldNotStart(await ServerCommand.RunAsync("--listen", "https://127.0.0.1:0", "--data", folder.Path), "certificate");
    }

    /// <summary>Alone it would be the home of what another region is the home of, and both would acknowledge writes.</summary>
    [Fact]
    public async Task WithoutTheTopologyThatItHasAdopted_ExitsOneAndSaysWhat()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Child("key"), new string('k', 32));
        await File.WriteAllTextAsync(
            folder.Child("topology.json"),
            """
            {"version":1,"regions":[{"id":"eu","peer":"http://127.0.0.1:1"},{"id":"us","peer":"http://127.0.0.1:2"}],
             "homes":[{"prefix":"","region":"eu","epoch":1}]}
            """);
        var data = folder.Child("data");
        await using (var server = await RegistryProcess.StartAsync(
            data, "--region", "us", "--topology", folder.Child("topology.json"), "--peer-listen", "http://127.0.0.1:0",
            "--GeoRegistry:Peer:KeyFile", folder.Child("key"))) await server.StopAsync();

        AssertCouldNotStart(
            await ServerCommand.RunAsync("--listen", "http://127.0.0.1:0", "--region", "us", "--data", data),
            "eu is the home of ''");
    }

    private static void AssertCouldNotStart(ServerCommand run, string named)
    {
        Assert.StartsWith("GeoRegistry could not start at ", run.Error, StringComparison.Ordinal);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal); // A stack.
        Assert.Empty(run.Output);
        Assert.Equal(1, run.ExitCode);
    }
}
