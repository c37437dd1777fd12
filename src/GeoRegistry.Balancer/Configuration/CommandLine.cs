using GeoRegistry.Ledgers;

namespace GeoRegistry.Balancer.Configuration;

/// <summary>The entrance's command line.</summary>
internal static class CommandLine
{
    private const string DefaultListen = "http://127.0.0.1:5000";

    public const string Help = """
        GeoRegistry.Balancer: the entrance to the regions of a container registry.

        usage: dotnet GeoRegistry.Balancer.dll --regions "ID=URL;ID=URL;…" [options]

          --regions LIST   the regions and where they serve clients, such as "eu=http://127.0.0.1:5001;us=http://127.0.0.1:5002"
          --listen URL     where clients are served                            (default http://127.0.0.1:5000)
          --help           this text

        Every request goes to the next region in turn that is ready for it; its answer says which, in the header GeoRegistry-Served-By.
        Every second each region is asked: GET /healthz/ready/pull and GET /healthz/ready/push. Reads go to a region that answers 200
        to the first, writes to one that answers 200 to both. Where no region is ready, the others are tried before the answer is 503.

        Exit codes: 0 stopped as asked, 1 could not start, 2 the command line is not valid.
        """;

    /// <summary>Reads a command line.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="faults">Everything that is wrong with it, each with its remedy; nothing, where the result can be used.</param>
    public static BalancerConfig Read(string[] arguments, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        faults = found;
        var given = Understand(arguments, found);
        var listen = given.GetValueOrDefault("--listen", DefaultListen);
        if (!IsAddress(listen, out var address) || address.Scheme != "http")
            found.Add($"--listen: '{listen}' is not an address to listen on: use a form such as {DefaultListen}.");
        if (!given.TryGetValue("--regions", out var regions))
            found.Add("--regions is missing: name the regions, such as \"eu=http://127.0.0.1:5001;us=http://127.0.0.1:5002\".");
        return new BalancerConfig(listen, regions is null ? [] : ReadRegions(regions, found));
    }

    private static Dictionary<string, string> Understand(string[] arguments, List<string> faults)
    {
        var given = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var parts = arguments[i].Split('=', 2);
            if (parts[0] is not ("--listen" or "--regions")) faults.Add($"'{arguments[i]}' is not an option; --help lists them.");
            else if (parts.Length == 2) given[parts[0]] = parts[1];
            else if (i + 1 == arguments.Length || arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                faults.Add($"{parts[0]} needs a value.");
            else given[parts[0]] = arguments[++i];
        }

        return given;
    }

    private static List<(RegionId Id, Uri Address)> ReadRegions(string list, List<string> faults)
    {
        var regions = new List<(RegionId Id, Uri Address)>();
        foreach (var pair in list.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length < 2 || !RegionId.TryParse(parts[0], out var id) || !IsAddress(parts[1], out var address))
                faults.Add($"--regions: '{pair}' is not a region and its address: use a form such as eu=http://127.0.0.1:5001.");
            else if (regions.Any(region => region.Id == id)) faults.Add($"--regions: '{id}' is given twice.");
            else regions.Add((id, address));
        }

        if (regions.Count == 0 && faults.Count == 0) faults.Add("--regions names no region.");
        return regions;
    }

    private static bool IsAddress(string text, out Uri address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address!) && address.Scheme is "http" or "https" && address.PathAndQuery == "/";
}
