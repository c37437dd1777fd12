using System.Data.Common;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace GeoRegistry.Cli.Up.Stores;

/// <summary>A PostgreSQL server with a database for each region.</summary>
/// <remarks>
/// It listens on a file in its folder and on no port, so that only who may enter the folder reaches it: whoever runs <c>up</c>. As
/// root, it runs as the user <c>postgres</c>, since it refuses to run as root.
/// <code>
/// DIR/postgresql/data/          the database cluster; made under another name, and there when it is whole
/// DIR/postgresql/.s.PGSQL.5432  where it listens
/// </code>
/// </remarks>
internal sealed partial class LocalPostgreSql
{
    private const string User = "georegistry", SystemUser = "postgres", SocketFile = ".s.PGSQL.5432";

    /// <summary>The longest path of a file that is listened on.</summary>
    private const int MaxSocketPathBytes = 107;

    /// <summary>What one region may hold, with those that psql and others need.</summary>
    private const int ConnectionsOfARegion = 25;

    private static readonly string[] AsSystemUser = Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid", SystemUser, "--regid", SystemUser, "--clear-groups", "--pdeathsig", "INT"]
        : [];

    private readonly string _folder, _programs;
    private readonly IReadOnlyList<string> _databases;
    private readonly ProcessStarter _starter;

    /// <param name="cluster">The folder of the cluster.</param>
    /// <param name="programs">The folder of PostgreSQL's programs.</param>
    /// <param name="starter">Starts its processes.</param>
    public LocalPostgreSql(ClusterFolder cluster, string programs, ProcessStarter starter)
    {
        (_folder, _programs, _starter) = (FolderOf(cluster.Path), programs, starter);
        _databases = [.. cluster.Regions.Select(region => region.Id)];
        Process = new ChildProcess(
            "postgresql",
            [
                .. AsSystemUser, Path.Combine(programs, "postgres"), "-D", Data, "-c", "listen_addresses=",
                "-c", $"unix_socket_directories={_folder}", "-c", $"max_connections={ConnectionsOfARegion * (_databases.Count + 1)}",
            ],
            cluster.LogOf("postgresql"),
            ReadyLine(),
            ChildProcess.Sigint);
    }

    /// <summary>Its process.</summary>
    public ChildProcess Process { get; }

    /// <summary>How an operator looks into it.</summary>
    public string Client => $"{Path.Combine(_programs, "psql")} -h {_folder} -U {User} {_databases[0]}";

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Why it cannot run in a cluster's folder, or null.</summary>
    public static string? FaultOf(string cluster)
    {
        var folder = FolderOf(cluster);
        return Encoding.UTF8.GetByteCount(Path.Combine(folder, SocketFile)) > MaxSocketPathBytes || folder.Contains(',')
            ? $"PostgreSQL cannot listen in {folder}: its path is too long or has a comma. Choose another folder with --data."
            : null;
    }

    /// <summary>The version that made the database of a cluster; null where there is none yet.</summary>
    public static string? VersionIn(string cluster)
    {
        var file = Path.Combine(FolderOf(cluster), "data", "PG_VERSION");
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    /// <summary>How a region reaches its database.</summary>
    public string ConnectionStringOf(string region) =>
        new DbConnectionStringBuilder { ["Host"] = _folder, ["Database"] = region, ["Username"] = User }.ConnectionString;

    /// <summary>Starts it, and makes what is missing.</summary>
    /// <exception cref="IOException">A program of PostgreSQL's failed; the message has what it said.</exception>
    public async Task StartAsync(TimeProvider time, CancellationToken cancellation)
    {
        await PrepareFolderAsync(cancellation);
        if (!Directory.Exists(Data)) await MakeAsync(cancellation);
        await Process.StartAsync(_starter, LocalCluster.StartTimeout, time, cancellation);

        string[] reach = ["-h", _folder, "-U", User];
        var found = await RunAsync(
            [Path.Combine(_programs, "psql"), .. reach, "-d", "postgres", "-Atc", "SELECT datname FROM pg_database"], cancellation);
        foreach (var missing in _databases.Except(found.Split('\n')))
            await RunAsync([Path.Combine(_programs, "createdb"), .. reach, missing], cancellation);
    }

    private static string FolderOf(string cluster) => Path.Combine(cluster, "postgresql");

    private async Task PrepareFolderAsync(CancellationToken cancellation)
    {
        if (AsSystemUser.Length == 0)
        {
            if (!OperatingSystem.IsWindows())
                Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return;
        }

        await RunAsync(["install", "-d", "-m", "700", "-o", SystemUser, "-g", SystemUser, _folder], cancellation);
        try
        {
            await RunAsync([.. AsSystemUser, "test", "-x", _folder], cancellation);
        }
        catch (IOException)
        {
            throw new IOException(
                $"PostgreSQL does not run as root, and the user {SystemUser} cannot enter {_folder}: choose a folder with --data "
                    + "that all users may enter, such as /var/lib/georegistry, or run this as another user.");
        }
    }

    private async Task MakeAsync(CancellationToken cancellation)
    {
        var draft = Data + ".new";
        if (Directory.Exists(draft)) Directory.Delete(draft, recursive: true); // Of a process that was killed.
        await RunAsync(
            [
                .. AsSystemUser, Path.Combine(_programs, "initdb"), "-D", draft, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C",
                "--data-checksums",
            ],
            cancellation);
        Directory.Move(draft, Data);
    }

    private async Task<string> RunAsync(string[] command, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = ProcessStarter.Describe(command) };
        await _starter.StartAsync(process);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return process.ExitCode == 0
            ? await output
            : throw new IOException($"{string.Join(' ', command)} ended with exit code {process.ExitCode}:\n{(await error).Trim()}");
    }

    [GeneratedRegex("ready to accept connections")]
    private static partial Regex ReadyLine();
}
