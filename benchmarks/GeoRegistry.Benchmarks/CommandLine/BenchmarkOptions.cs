namespace GeoRegistry.Benchmarks.CommandLine;

/// <summary>What one run measures, and for how long.</summary>
internal sealed record BenchmarkOptions
{
    public const string Help = """
        Measures GeoRegistry beside docker-registry and nginx on this machine, in one run.

        usage: benchmarks/run [options]

          --short               fewer and shorter rounds (2 s, 3 rounds)
          --long                more and longer rounds (10 s, 9 rounds); the default is 4 s, 5 rounds
          --only NAME,...       only scenarios whose name starts with one of these; --list prints the names
          --list                print the names of the scenarios and stop
          --peers NAME,...      only these servers: georegistry, before, docker-registry, nginx
          --rounds N            rounds per scenario, 1 to 99
          --repositories N      repositories that the small pushes spread over; default 16
          --reuseport           let nginx listen with reuseport, which spreads connections over its workers; without,
                                one worker may take most of them and nginx looks slower than it is
          --output FILE.json    also write every round as JSON
          --data DIR            where the servers keep their data while it runs; default /var/tmp, never a tmpfs
          --server FILE.dll     the GeoRegistry server; default: the Release build of this tree
          --before FILE.dll     also measure an earlier build of GeoRegistry, as server "before", and compare with it
          --help                print this

        The markdown report goes to stdout, progress to stderr. Rates are medians over the rounds, ratios are
        medians of the ratios within each round. Exit codes: 0 measured, 1 a scenario failed, 2 bad usage, 130 stopped.

        """;

    /// <summary>How long each round of small requests lasts.</summary>
    public TimeSpan RoundTime { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long small requests run before the first round, so that the servers' code is compiled for the load.</summary>
    public TimeSpan WarmUpTime { get; init; } = TimeSpan.FromSeconds(6);

    public int Rounds { get; init; } = 5;

    /// <summary>How often each 100 MiB blob is read in one round.</summary>
    public int LargeReads { get; init; } = 64;

    public int Repositories { get; init; } = 16;

    /// <summary>Prefixes of scenario names; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Names of servers; empty for all.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Whether each worker of nginx has a listening socket of its own.</summary>
    public bool ReusePort { get; init; }

    public bool List { get; init; }

    public string? OutputFile { get; init; }

    public string DataFolder { get; init; } = "/var/tmp";

    /// <summary>The path of GeoRegistry.Server.dll.</summary>
    public string ServerFile { get; init; } =
        Path.Combine(FindRoot(), "src", "GeoRegistry.Server", "bin", "Release", "net10.0", "GeoRegistry.Server.dll");

    /// <summary>The path of an earlier build's GeoRegistry.Server.dll to compare with; null for no comparison.</summary>
    public string? BeforeFile { get; init; }

    /// <summary>Reads the arguments.</summary>
    /// <returns>The options, or null where they make no sense; <paramref name="problem"/> says why.</returns>
    public static BenchmarkOptions? Parse(IReadOnlyList<string> arguments, out string problem)
    {
        problem = "";
        var options = new BenchmarkOptions();
        for (var i = 0; i < arguments.Count && options is not null; i++)
        {
            var name = arguments[i];
            options = WithFlag(options, name) ?? (++i < arguments.Count ? WithValue(options, name, arguments[i]) : null);
            if (options is null) problem = $"'{name}' is no option, or its value is missing or makes no sense.";
        }

        return options;
    }

    private static BenchmarkOptions? WithFlag(BenchmarkOptions options, string name) => name switch
    {
        "--short" =>
            options with { RoundTime = TimeSpan.FromSeconds(2), Rounds = 3, WarmUpTime = TimeSpan.FromSeconds(4), LargeReads = 24 },
        "--long" =>
            options with { RoundTime = TimeSpan.FromSeconds(10), Rounds = 9, WarmUpTime = TimeSpan.FromSeconds(10), LargeReads = 160 },
        "--list" => options with { List = true },
        "--reuseport" => options with { ReusePort = true },
        _ => null,
    };

    private static BenchmarkOptions? WithValue(BenchmarkOptions options, string name, string value) => name switch
    {
        "--only" => options with { Only = Split(value) },
        "--peers" => options with { Peers = Split(value) },
        "--rounds" => Count(value, 99) is { } rounds ? options with { Rounds = rounds } : null,
        "--repositories" => Count(value, 1000) is { } repositories ? options with { Repositories = repositories } : null,
        "--output" => options with { OutputFile = value },
        "--data" => options with { DataFolder = Path.GetFullPath(value) },
        "--server" => options with { ServerFile = Path.GetFullPath(value) },
        "--before" => options with { BeforeFile = Path.GetFullPath(value) },
        _ => null,
    };

    private static string[] Split(string value) =>
        value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static int? Count(string value, int most) => int.TryParse(value, out var count) && count >= 1 && count <= most ? count : null;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "GeoRegistry.sln"))) folder = folder.Parent;
        return folder?.FullName ?? Environment.CurrentDirectory;
    }
}
