using System.Diagnostics;
using System.Net;
using System.Text.Json;
using GeoRegistry.Cli.Tests.Api;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cli.Tests.Maintenance;

/// <summary><c>georegistry backup</c>, <c>restore</c> and <c>store migrate</c> with real servers.</summary>
[Trait("Stores", "embedded")]
public sealed class MaintenanceCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Backup => _folder.Child("eu.backup");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task BackupRestoreMigrate_OfARegion_BringBackItsTags()
    {
        await using (var server = await RegistryProcess.StartAsync(_folder.Child("old"), "--region", "eu"))
        {
            using var http = server.CreateClient();
            await PutIndexAsync(http, "v1");
            var backup = await Cli.RunAsync("backup", Backup, "--region", "eu", "--server", $"{server.Address}");
            Assert.Equal((ExitCode.Done, 1), (backup.ExitCode, backup.Lines.Count));
            Assert.Contains("1 ledger, 1 manifest, 1 tag, 1 commit", backup.Output, StringComparison.Ordinal);
            var again = await Cli.RunAsync("backup", Backup, "--server", $"{server.Address}");
            Assert.Equal(ExitCode.Failed, again.ExitCode);
            Assert.Contains("is there already", again.Error, StringComparison.Ordinal);
            var other = await Cli.RunAsync("backup", Backup + ".us", "--region", "us", "--server", $"{server.Address}");
            Assert.Equal(ExitCode.Failed, other.ExitCode);
            Assert.Contains("This is region eu", other.Error, StringComparison.Ordinal);
            var running = await RunToolAsync("restore", Backup, "--region", "eu", "--data", _folder.Child("old"));
            Assert.Equal(ExitCode.Failed, running.ExitCode);
            Assert.Contains("Another server runs", running.Error, StringComparison.Ordinal);
        }

        var restored = await RunToolAsync(
            "restore", Backup, "--region", "eu", "--data", _folder.Child("restored"), "--output", "json");
        Assert.Equal(ExitCode.Done, restored.ExitCode);
        using var report = JsonDocument.Parse(restored.Output);
        Assert.Equal(1, report.RootElement.GetProperty("metadata").GetProperty("tags").GetInt32());

        foreach (var name in (string[])["restored", "moved"])
            await File.WriteAllTextAsync(
                _folder.Child($"{name}.json"),
                JsonSerializer.Serialize(new { GeoRegistry = new { Region = "eu", Data = _folder.Child(name) } }));
        string[] migrate = ["store", "migrate", "--from", _folder.Child("restored.json"), "--to", _folder.Child("moved.json")];
        var moved = await RunToolAsync(migrate);
        Assert.Equal(ExitCode.Done, moved.ExitCode);
        Assert.StartsWith("Region eu moved and verified: 1 ledger", moved.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await RunToolAsync([.. migrate[..5], migrate[3]])).ExitCode);
        await using (var server = await RegistryProcess.StartAsync(_folder.Child("moved"), "--region", "eu"))
        {
            using var http = server.CreateClient();
            using var answer = await http.GetAsync("/v2/team/app/manifests/v1");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Backup_OfSomethingElse_LeavesNoFile()
    {
        using var api = new ApiListener((200, "not an archive at all, but long enough to be read as one"));

        var run = await Cli.RunAsync("backup", Backup, "--server", api.Address);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("sent no whole backup", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    /// <summary>Runs the tool as a process: it starts the server's program, which it finds beside its own.</summary>
    private static async Task<Cli> RunToolAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [UpProcess.Assembly, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().OrFail($"the end of 'georegistry {arguments[0]}'");
        return new Cli(process.ExitCode, await output, await error);
    }

    private static async Task PutIndexAsync(HttpClient http, string tag)
    {
        const string Type = "application/vnd.oci.image.index.v1+json";
        using var index = new StringContent($$"""{"schemaVersion":2,"mediaType":"{{Type}}","manifests":[]}""");
        index.Headers.ContentType = new(Type);
        using var answer = await http.PutAsync($"/v2/team/app/manifests/{tag}", index);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }
}
