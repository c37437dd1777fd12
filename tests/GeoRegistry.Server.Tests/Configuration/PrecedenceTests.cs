using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>Where options come from, and which source wins.</summary>
public sealed class PrecedenceTests
{
    [Fact]
    public async Task Defaults_WithoutAnySource_RegionIsLocal() => Assert.Equal("local", await RegionOfAsync());

    [Fact]
    public async Task File_IsRead()
    {
        using var file = await ConfigurationFile.WithRegionAsync("fromfile");
        Assert.Equal("fromfile", await RegionOfAsync("--config", file.Path));
    }

    [Fact]
    public async Task Environment_IsStrongerThanFile()
    {
        using var file = await ConfigurationFile.WithRegionAsync("fromfile");
        using var environment = new EnvironmentScope(("GeoRegistry__Region", "fromenv"));
        Assert.Equal("fromenv", await RegionOfAsync("--config", file.Path));
    }

    [Theory]
    [InlineData("--region")]
    [InlineData("--GeoRegistry:Region")]
    public async Task CommandLine_IsStrongerThanEnvironmentAndFile(string option)
    {
        using var file = await ConfigurationFile.WithRegionAsync("fromfile");
        using var environment = new EnvironmentScope(("GeoRegistry__Region", "fromenv"));
        Assert.Equal("fromcmd", await RegionOfAsync("--config", file.Path, option, "fromcmd"));
    }

    private static async Task<string> RegionOfAsync(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await using var server = await RegistryProcess.StartAsync(folder.Path, arguments);
        return server.Output.Split("GeoRegistry region ")[1].Split(' ')[0];
    }

    private sealed class ConfigurationFile : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public string Path => _folder.Child("registry.json");

        public static async Task<ConfigurationFile> WithRegionAsync(string region)
        {
            var file = new ConfigurationFile();
            await File.WriteAllTextAsync(file.Path, $$"""{ "GeoRegistry": { "Region": "{{region}}" } }""");
            return file;
        }

        public void Dispose() => _folder.Dispose();
    }
}
