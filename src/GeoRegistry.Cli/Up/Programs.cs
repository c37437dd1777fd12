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
        // …/src/GeoRegistry.Cli/bin/Debug/net10.0/ beside …/src/GeoRegistry.Server/bin/Release/net10.0/
        var here = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var sources = here.Parent?.Parent?.Parent?.Parent?.FullName;
        string[] candidates = sources is null
            ? [Path.Combine(here.FullName, $"{name}.dll")]
            : [Path.Combine(here.FullName, $"{name}.dll"), Path.Combine(sources, name, "bin", "Release", here.Name, $"{name}.dll")];
        return candidates.FirstOrDefault(File.Exists);
    }
}
