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
        var folder = Directory.CreateDirectory(client.Home.Child("readme")).FullName;

        // As it stands, but for the port, which a test cannot have for itself.
        var script = $"set -eu\ncd '{folder}'\n{commands.Replace("127.0.0.1:5000", client.Registry.Host, StringComparison.Ordinal)}";
        var run = await client.Home.Start("bash", "-c", script).SucceedAsync();

        Assert.EndsWith("""{"name":"team/hello","tags":["1"]}""", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "hello-again", "index.json")));
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
