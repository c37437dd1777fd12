namespace GeoRegistry.Cli.Up;

/// <summary>Where the programs are that <c>up</c> starts.</summary>
/// <param name="Server">The server's assembly.</param>
/// <param name="Balancer">The entrance's assembly.</param>
internal sealed record Programs(string Server, string Balancer)
{
    private const string ServerName = "GeoRegistry.Server", BalancerName = "GeoRegistry.Balancer";

    /// <summary>The command that runs an assembly.</summary>
    public static string Dotnet { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    /// <summary>The source tree that this program was built in; null where it was published.</summary>
    public static string? Sources
    {
        get
        {
            // …/src/GeoRegistry.Cli/bin/Debug/net10.0/
            var sources = Here.Parent?.Parent?.Parent?.Parent;
            return sources is { Name: "src", Parent: { } tree } ? tree.FullName : null;
        }
    }

    private static DirectoryInfo Here => new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>Where a program is that can be started by its name; null where it is not installed.</summary>
    public static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    /// <summary>
    /// Finds both beside this program where they are published together, else their Release builds in the source tree
    /// that it was built in.
    /// </summary>
    /// <returns>Null where one is missing; then <paramref name="fault"/> says which.</returns>
    public static Programs? Find(out string fault)
    {
        fault = "";
        var (server, balancer) = (Find(ServerName), Find(BalancerName));
        if (server is not null && balancer is not null) return new Programs(server, balancer);
        fault = $"There is no {(server is null ? ServerName : BalancerName)}.dll beside this program or in its source tree: "
            + "build it, or publish the three into one folder.";
        return null;
    }

    /// <summary>As <see cref="Find(out string)"/>, the server alone.</summary>
    public static string? FindServer(out string fault)
    {
        var server = Find(ServerName);
        fault = server is not null ? ""
            : $"There is no {ServerName}.dll beside this program or in its source tree: build it, or publish the two into one folder.";
        return server;
    }

    private static string? Find(string name)
    {
        var beside = Path.Combine(Here.FullName, $"{name}.dll");
        if (File.Exists(beside)) return beside;
        var built = Path.Combine(Sources ?? "", "src", name, "bin", "Release", Here.Name, $"{name}.dll");
        return Sources is not null && File.Exists(built) ? built : null;
    }
}
