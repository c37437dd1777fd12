namespace GeoRegistry.Server.Configuration;

/// <summary>The server's command line: a few options by name, and any other by its configuration key.</summary>
internal static class CommandLine
{
    /// <summary>The options that have names of their own.</summary>
    private static readonly Dictionary<string, string> Names = new()
    {
        ["--listen"] = "GeoRegistry:Listen",
        ["--data"] = "GeoRegistry:Data",
        ["--region"] = "GeoRegistry:Region",
        ["--topology"] = "GeoRegistry:Topology",
        ["--etcd"] = "GeoRegistry:Etcd:Endpoints",
        ["--peer-listen"] = "GeoRegistry:Peer:Listen",
        ["--peer-key"] = "GeoRegistry:Peer:KeyFile",
        ["--config"] = "config",
    };

    public const string Help = """
        GeoRegistry.Server: one region of a container registry, alone or among others.

        usage: dotnet run -c Release --project src/GeoRegistry.Server -- [options]

          --listen URLS    where clients are served, separated by semicolons   (default http://127.0.0.1:5000)
          --data FOLDER    metadata and blobs; made where it is missing        (default ./data)
          --region ID      the region that this server is                      (default local)
          --config FILE    a JSON file with more options
          --help           this text

        among other regions:
          --topology FILE     which regions there are and which is the home of what   (default none: alone)
          --etcd URLS         instead: the members of the etcd cluster that has the topology, separated by semicolons
          --peer-listen URL   where other regions reach this one, by HTTP/2           (default http://127.0.0.1:6000)
          --peer-key FILE     the cluster's key, the same in every region

        Every option can be set, from the weakest to the strongest: in appsettings.json beside the program, in the file of
        --config, in the environment (GeoRegistry__Listen=…), on the command line by its key (--GeoRegistry:DrainTimeout 00:01:00).
        docs/configuration.md lists them all with their defaults.

        With the server at its default address, push and pull with any client:
          skopeo copy --dest-tls-verify=false docker-archive:image.tar docker://127.0.0.1:5000/team/app:1

        Three regions on one machine: georegistry up (dotnet run --project src/GeoRegistry.Cli -- up).
        Health: GET /healthz/live (the process runs), /healthz/ready/pull and /healthz/ready/push (it can serve pulls, take
        pushes: 200, else 503).
        Exit codes: 0 stopped as asked, 1 could not start, 2 the configuration is not valid.

        With the region's servers stopped, and run by 'georegistry restore' and 'georegistry store migrate':
          restore --from FILE [options]            its metadata from a backup
          migrate --from OLD.json --to NEW.json    to other stores
        Exit codes of these: 0 done, 1 could not be done, 2 the configuration is not valid, 3 some blobs are damaged.
        """;

    /// <summary>Adds the configuration file and the options of a command line.</summary>
    /// <param name="configuration">Where they are added, stronger than what is there.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="faults">What cannot be understood; the rest is added, so that its faults are found too.</param>
    public static void Add(IConfigurationManager configuration, string[] arguments, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        faults = found;
        var understood = Understand(arguments, found);
        var given = new ConfigurationBuilder().AddCommandLine(understood, Names).Build();
        if (given["config"] is { } file) AddFile(configuration, file, found);
        configuration.AddEnvironmentVariables();
        configuration.AddCommandLine(understood, Names);
    }

    /// <summary>Adds a configuration file.</summary>
    public static void AddFile(IConfigurationManager configuration, string file, List<string> faults)
    {
        try
        {
            if (!File.Exists(file)) faults.Add($"--config: there is no file '{file}'.");
            else configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }
        catch (InvalidDataException e)
        {
            faults.Add($"--config: '{file}' cannot be read: {e.GetBaseException().Message}");
        }
    }

    private static string[] Understand(string[] arguments, List<string> faults)
    {
        var understood = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i].Split('=', 2);
            var takesNext = name.Length == 1 && i + 1 < arguments.Length && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal);
            if (!Names.ContainsKey(name[0]) && !IsKey(name[0])) faults.Add($"'{arguments[i]}' is not an option; --help lists them.");
            else if (name.Length == 1 && !takesNext) faults.Add($"{name[0]} needs a value.");
            else understood.AddRange(arguments[i..(takesNext ? i + 2 : i + 1)]);
            if (takesNext) i++;
        }

        return [.. understood];
    }

    private static bool IsKey(string name) =>
        name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':', StringComparison.Ordinal);
}
