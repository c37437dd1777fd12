using System.Text.RegularExpressions;
using GeoRegistry.TestKit;

namespace GeoRegistry.Clients.Tests;

public sealed partial class ReadmeTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    [Fact]
    public async Task PushAndPull_PastedFromTheReadme_Works()
    {
        var commands = ShellBlock().Match(await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "README.md"))).Groups[1].Value;
        Assert.Contains("127.0.0.1:5000", commands, StringComparison.Ordinal);
        Assert.Contains("dotnet run --project src/GeoRegistry.Cli -- ", commands, StringComparison.Ordinal);
        await using var up = await UpProcess.StartAsync(client.Home.Child("readme-regions"));
        var folder = Directory.CreateDirectory(client.Home.Child("readme")).FullName;

        // As it is written, but for the port, which a test cannot have for itself, and for a build, which would be another than the one
        // under test.
        var script = commands
            .Replace("127.0.0.1:5000", up.Entrance.Authority, StringComparison.Ordinal)
            .Replace("dotnet run --project src/GeoRegistry.Cli -- ", $"dotnet '{UpProcess.Assembly}' --server {up.Entrance} ",
                StringComparison.Ordinal);
        var run = await client.Home.Start("bash", "-c", $"set -eu\ncd '{folder}'\n{script}").SucceedAsync();

        Assert.Contains("""{"name":"team/hello","tags":["1"]}""", run.Output, StringComparison.Ordinal);
        foreach (var region in new[] { "eu", "us", "ap" }) Assert.Matches($@"(?m)^{region}\s.*\bcomplete\b", run.Output);
        Assert.True(File.Exists(Path.Combine(folder, "hello-again", "index.json")));
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
