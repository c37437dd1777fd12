using System.Diagnostics;
using System.Net;
using System.Text.Json;
using GeoRegistry.Ledgers.Archives;
using GeoRegistry.Protocol;
using GeoRegistry.Server.Tests.Clients;
using GeoRegistry.Server.Tests.Configuration;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Maintenance;

/// <summary>Backups of a region that runs, restored, and moves between its stores, killed at any step.</summary>
[Trait("Stores", "embedded")]
public sealed class MaintenanceTests : IAsyncLifetime
{
    private const int Images = 60;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, Digest> _pushed = [];
    private PostgreSqlServer _database = null!;
    private AzuriteProcess _azurite = null!;

    private string Embedded => _folder.Child("embedded.json");

    private string Production => _folder.Child("production.json");

    private string Backup => _folder.Child("eu.backup");

    public async Task InitializeAsync()
    {
        _database = await PostgreSqlServer.StartAsync(inMemory: true);
        _azurite = await AzuriteProcess.StartAsync();
        await WriteAsync(Embedded, new { Region = "eu", Data = _folder.Child("embedded") });
        await WriteAsync(Production, new
        {
            Region = "eu",
            Data = _folder.Child("production"),
            PostgreSql = new { _database.ConnectionString },
            Azure = new { _azurite.ConnectionString, Container = "eu-blobs", CreateContainer = true },
        });
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _azurite.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Restore_OfABackupMadeWhilePushesRan_HasAllThatWasAcknowledgedBeforeOnBothStores()
    {
        Dictionary<string, Digest> before;
        await using (var server = await StartAsync(Embedded))
        {
            using var http = server.CreateClient();
            await PushAsync(http, 0, 20);
            before = new(_pushed);
            var pushes = PushAsync(http, 20, 60);
            await BackUpAsync(http, Backup);
            Assert.False(pushes.IsCompleted);
            await pushes;
            var other = await http.GetAsync("/api/v1/backup?region=us");
            Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
            await ExpectRefusalAsync("Another server runs on the data", "restore", "--from", Backup, "--config", Embedded);
            Assert.Equal(0, await server.StopAsync());
        }

        await ExpectRefusalAsync("is not empty", "restore", "--from", Backup, "--config", Embedded);
        var restored = await RunAsync("restore", "--from", Backup, "--config", Production);
        Assert.True(restored.GetProperty("missing_blobs").GetInt64() > 0); // Its blobs were not moved.

        Assert.NotEqual(await IncarnationOfAsync(Embedded), await IncarnationOfAsync(Production));
        Assert.Equal(restored.GetProperty("incarnation").GetString(), await IncarnationOfAsync(Production));
        await using (var server = await StartAsync(Production))
        {
            using var http = server.CreateClient();
            await AssertManifestsAsync(http, before);
            await BackUpAsync(http, Backup);
            await ExpectRefusalAsync("Another server runs on the data", "migrate", "--from", Production, "--to", Embedded);
            await ExpectRefusalAsync(
                "A server runs on the PostgreSQL", "restore", "--from", Backup, "--config", Production, "--data", _folder.Child("other"));
        }

        // And back, into a folder that has its blobs still.
        foreach (var file in Directory.EnumerateFiles(_folder.Child("embedded"), "metadata.db*")) File.Delete(file);
        restored = await RunAsync("restore", "--from", Backup, "--config", Embedded);
        Assert.Equal(0, restored.GetProperty("missing_blobs").GetInt64());
        await using (var server = await StartAsync(Embedded))
        {
            using var http = server.CreateClient();
            await AssertWholeAsync(http, before);
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    public async Task Restore_OfADamagedBackup_IsRefusedInWordsAndChangesNothing(double kept)
    {
        await using (var server = await StartAsync(Embedded))
        {
            using var http = server.CreateClient();
            await PushAsync(http, 0, 3);
            await BackUpAsync(http, Backup);
            await server.StopAsync();
        }

        var bytes = await File.ReadAllBytesAsync(Backup);
        bytes[bytes.Length / 3] ^= 1;
        await File.WriteAllBytesAsync(Backup, bytes[..(int)(bytes.Length * kept)]);

        await ExpectRefusalAsync("archive", "restore", "--from", Backup, "--config", Production);

        Assert.Equal(2, (await ServerCommand.RunAsync("restore", "--config", Production)).ExitCode);
        Assert.Equal(0, (await SummaryAsync(Production)).Ledgers);
    }

    [Fact]
    public async Task Migrate_KilledAtEachStep_GoesOnAndMovesAllThereAndBack()
    {
        await using (var server = await StartAsync(Embedded))
        {
            using var http = server.CreateClient();
            await PushAsync(http, 0, Images);
            await server.StopAsync();
        }

        var source = await SummaryAsync(Embedded);
        foreach (var step in (string[])["blobs: from", "reading", "metadata: ", "blobs: 1", "are in the target", "references: "])
            await KillAtAsync(step, "migrate", "--from", Embedded, "--to", Production);
        var moved = await RunAsync("migrate", "--from", Embedded, "--to", Production);
        Assert.Equal(source.Contents, moved.GetProperty("metadata").GetProperty("checksum").GetString());
        Assert.Equal((2 * Images, 0L), (moved.GetProperty("blobs").GetInt32(), moved.GetProperty("missing_blobs").GetInt64()));
        Assert.Equal(source.Contents, (await SummaryAsync(Production)).Contents);
        await using (var server = await StartAsync(Production))
        {
            using var http = server.CreateClient();
            await AssertWholeAsync(http, _pushed);
            await PushAsync(http, Images, Images + 5);
            await server.StopAsync();
        }

        // The old stores are no empty target.
        await ExpectRefusalAsync("The target has other metadata", "migrate", "--from", Production, "--to", Embedded);
        Directory.Delete(_folder.Child("embedded"), recursive: true);
        source = await SummaryAsync(Production);
        foreach (var step in (string[])["are in the target", "references: "])
            await KillAtAsync(step, "migrate", "--from", Production, "--to", Embedded);

        // A copy that rots before the next run is found and made again.
        var rotten = Directory.EnumerateFiles(_folder.Child("embedded/blobs/sha256"), "*", SearchOption.AllDirectories).First();
        var bytes = await File.ReadAllBytesAsync(rotten);
        bytes[0] ^= 1;
        await File.WriteAllBytesAsync(rotten, bytes);
        moved = await RunAsync("migrate", "--from", Production, "--to", Embedded);
        Assert.Equal(1, moved.GetProperty("copied").GetInt64());
        Assert.Equal(source.Contents, (await SummaryAsync(Embedded)).Contents);
        var again = await RunAsync("migrate", "--from", Production, "--to", Embedded);
        Assert.Equal(0, again.GetProperty("copied").GetInt64());
        await using (var server = await StartAsync(Embedded))
        {
            using var http = server.CreateClient();
            await AssertWholeAsync(http, _pushed);
        }
    }

    [Fact]
    public async Task Migrate_WithADamagedBlobInTheSource_NamesItAndMovesNoMetadata()
    {
        await using (var server = await StartAsync(Embedded))
        {
            using var http = server.CreateClient();
            await PushAsync(http, 0, 2);
            await server.StopAsync();
        }

        var damaged = Directory.EnumerateFiles(_folder.Child("embedded/blobs/sha256"), "*", SearchOption.AllDirectories).First();
        var bytes = await File.ReadAllBytesAsync(damaged);
        bytes[0] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes);

        var run = await ServerCommand.RunAsync("migrate", "--from", Embedded, "--to", Production);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains($"{Path.GetFileName(damaged)} is damaged in the source", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await SummaryAsync(Production)).Ledgers);
    }

    private static Task WriteAsync(string file, object region) =>
        File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { GeoRegistry = region }));

    private static Task<RegistryProcess> StartAsync(string configuration)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(configuration));
        return RegistryProcess.StartAsync(
            json.RootElement.GetProperty("GeoRegistry").GetProperty("Data").GetString()!, "--config", configuration);
    }

    private static async Task<JsonElement> RunAsync(params string[] arguments)
    {
        var run = await ServerCommand.RunAsync(arguments);
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonElement.Parse(run.Output);
    }

    private static async Task ExpectRefusalAsync(string words, params string[] arguments)
    {
        var run = await ServerCommand.RunAsync(arguments);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private static async Task KillAtAsync(string said, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [RegistryProcess.ServerAssembly, .. arguments])
        {
            RedirectStandardError = true,
        })!;
        while (await process.StandardError.ReadLineAsync().OrFail(said) is { } line)
        {
            if (line.Contains(said, StringComparison.Ordinal)) break;
        }

        process.Kill(); // SIGKILL.
        await process.WaitForExitAsync().OrFail("the end of what was killed");
        Assert.Equal(137, process.ExitCode);
    }

    private static async Task BackUpAsync(HttpClient http, string file)
    {
        await using var answer = await http.GetStreamAsync("/api/v1/backup");
        await using (var written = File.Create(file)) await answer.CopyToAsync(written);
        await using var archive = File.OpenRead(file);
        await ArchiveReader.CheckAsync(archive);
    }

    private async Task<ArchiveSummary> SummaryAsync(string configuration)
    {
        var file = _folder.Child("summary");
        await using var server = await StartAsync(configuration);
        using var http = server.CreateClient();
        await BackUpAsync(http, file);
        await server.StopAsync();
        await using var archive = File.OpenRead(file);
        return await ArchiveReader.CheckAsync(archive);
    }

    private async Task<string> IncarnationOfAsync(string configuration) => $"{(await SummaryAsync(configuration)).Header.Incarnation}";

    private async Task PushAsync(HttpClient http, int first, int end)
    {
        for (var i = first; i < end; i++)
        {
            var repository = new RepositoryClient(http, $"team/app-{i % 5}");
            var (config, layer) = (new SeededBlob((ulong)i, 500), new SeededBlob((ulong)(1000 + i), 20_000));
            await repository.PushBlobAsync(config.ToBytes());
            await repository.PushBlobAsync(layer.ToBytes());
            var manifest = ImageManifest.Of($"{i}", (config.Digest, config.SizeBytes), (layer.Digest, layer.SizeBytes));
            (await repository.PutManifestAsync($"v{i}", manifest)).Expect(HttpStatusCode.Created);
            lock (_pushed) _pushed[$"team/app-{i % 5}:v{i}"] = Digest.Of(manifest);
        }
    }

    private static async Task AssertManifestsAsync(HttpClient http, Dictionary<string, Digest> pushed)
    {
        foreach (var (name, digest) in pushed)
        {
            var parts = name.Split(':');
            var answer = (await new RepositoryClient(http, parts[0]).GetManifestAsync(parts[1])).Expect(HttpStatusCode.OK);
            Assert.Equal(digest, Digest.Of(answer.Body));
        }
    }

    private static async Task AssertWholeAsync(HttpClient http, Dictionary<string, Digest> pushed)
    {
        await AssertManifestsAsync(http, pushed);
        foreach (var name in pushed.Keys)
        {
            var (repository, i) = (new RepositoryClient(http, name.Split(':')[0]), ulong.Parse(name.Split(":v")[1]));
            var layer = new SeededBlob(1000 + i, 20_000);
            Assert.Equal(layer.ToBytes(), (await repository.GetBlobAsync(layer.Digest)).Expect(HttpStatusCode.OK).Body);
        }
    }
}
