using System.Diagnostics;
using System.Text;

namespace GeoRegistry.TestKit;

/// <summary>A PostgreSQL server of its own, on a free port of the loopback, as Debian packages it.</summary>
/// <remarks>It runs as the user <c>postgres</c>, since it does not run as root.</remarks>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    /// <summary>The only user, who may do everything and needs no password.</summary>
    public const string User = "georegistry";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private static readonly string[] AsPostgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"];

    private readonly TemporaryFolder _folder;
    private readonly string[] _settings;
    private readonly StringBuilder _log = new();
    private Process? _process;

    private PostgreSqlServer(TemporaryFolder folder, int port, string[] settings) =>
        (_folder, Port, _settings) = (folder, port, settings);

    public int Port { get; }

    /// <summary>The process of the postmaster.</summary>
    public int Id => _process!.Id;

    public string DataFolder => _folder.Child("data");

    /// <summary>How Npgsql reaches it.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Database=postgres;Username={User};Ssl Mode=Disable";

    /// <summary>All it logged so far.</summary>
    public string Log
    {
        get
        {
            lock (_log) return _log.ToString();
        }
    }

    private static string Programs { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).First() + "/bin"
        : throw new InvalidOperationException("PostgreSQL is not installed: apt-get install postgresql (tests/run does).");

    /// <summary>Makes a database cluster and starts a server on it.</summary>
    /// <param name="inMemory">Whether its files are in memory: for tests that commit thousands of times and lose no power.</param>
    /// <param name="settings">Further settings, such as <c>max_connections=20</c>.</param>
    public static Task<PostgreSqlServer> StartAsync(bool inMemory = false, params string[] settings) => StartAsync(
        inMemory,
        settings,
        server => server.RunProgramAsync(
            "initdb", "-D", server.DataFolder, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--data-checksums", "--no-sync"));

    /// <summary>Makes a standby of this server and starts it. Commits wait for it from <see cref="WaitForStandbyAsync"/> on.</summary>
    public Task<PostgreSqlServer> StartStandbyAsync() => StartAsync(
        inMemory: true,
        ["cluster_name=standby", .. _settings],
        standby => RunProgramAsync(
            "pg_basebackup", "-h", "127.0.0.1", "-p", $"{Port}", "-U", User, "-D", standby.DataFolder, "-R", "-c", "fast", "--no-sync"));

    /// <summary>Has commits wait for the standby from now on, or no longer.</summary>
    public async Task WaitForStandbyAsync(bool waits = true)
    {
        await QueryAsync($"ALTER SYSTEM SET synchronous_standby_names = '{(waits ? "standby" : "")}'");
        await QueryAsync("SELECT pg_reload_conf()");
        if (waits) await Waiting.UntilAsync(
            "commits wait for the standby",
            async () => await QueryAsync("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1");
    }

    /// <summary>Makes this standby the primary.</summary>
    public Task PromoteAsync() => QueryAsync("SELECT pg_promote()");

    /// <summary>Runs a statement with psql, and returns what it printed.</summary>
    public async Task<string> QueryAsync(string sql) => (await RunProgramAsync(
        "psql", "-h", "127.0.0.1", "-p", $"{Port}", "-U", User, "-d", "postgres", "-q", "-A", "-t", "-c", sql)).Trim();

    private static async Task<PostgreSqlServer> StartAsync(bool inMemory, string[] settings, Func<PostgreSqlServer, Task> make)
    {
        var server = new PostgreSqlServer(new TemporaryFolder(inMemory), FreePorts.Take(), settings);
        try
        {
            await RunAsync("chmod", "755", server._folder.Path);
            await RunAsync("install", "-d", "-m", "700", "-o", "postgres", "-g", "postgres", server.DataFolder);
            await make(server);
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again.</summary>
    public async Task StartAsync()
    {
        string[] settings =
        [
            "listen_addresses=127.0.0.1", $"port={Port}", "unix_socket_directories=", "max_connections=100", "shared_buffers=64MB",
            .. _settings,
        ];
        string[] command = [.. AsPostgres, $"{Programs}/postgres", "-D", DataFolder, .. settings.SelectMany(one => (string[])["-c", one])];
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, WorkingDirectory = "/" },
            EnableRaisingEvents = true,
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_log) _log.AppendLine(line.Data);
            if (line.Data?.Contains("ready to accept", StringComparison.Ordinal) == true) ready.TrySetResult();
        };
        _process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"PostgreSQL ended at its start:\n{Log}"));
        _process.Start();
        _process.BeginErrorReadLine();
        await ready.Task.WaitAsync(StartTimeout);
    }

    /// <summary>Asks it to end all connections and stop.</summary>
    public Task StopAsync() => EndAsync("-INT");

    /// <summary>Ends it at once, without writing anything more; it recovers at its next start.</summary>
    public Task KillAsync() => EndAsync("-QUIT");

    /// <summary>Runs a program of PostgreSQL's as its user, and returns what it printed.</summary>
    public Task<string> RunProgramAsync(string program, params string[] arguments) =>
        RunAsync([.. AsPostgres, $"{Programs}/{program}", .. arguments]);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await KillAsync();
        _process?.Dispose();
        _folder.Dispose();
    }

    private async Task EndAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(StartTimeout);
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {await error}");
        return await output;
    }
}
