using System.ComponentModel.DataAnnotations;
using GeoRegistry.FrontDoor.Http;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Server.Configuration;

/// <summary>The options of a server: the section <c>GeoRegistry</c> of its configuration.</summary>
public sealed class ServerOptions : IValidatableObject
{
    /// <summary>The region that this server is: 1 to 16 lower-case letters, digits and inner dashes. Default <c>local</c>.</summary>
    [Required]
    public string Region { get; set; } = "local";

    /// <summary>
    /// Where clients are served: URLs with <c>http</c> or <c>https</c>, separated by semicolons. Default
    /// <c>http://127.0.0.1:5000</c>.
    /// </summary>
    [Required]
    public string Listen { get; set; } = "http://127.0.0.1:5000";

    /// <summary>The folder of metadata and blobs; made where it is missing. Default <c>./data</c>.</summary>
    [Required]
    public string Data { get; set; } = "./data";

    /// <summary>How long requests under way may take to end when the server stops. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many connections of clients are open at a time; further ones are closed at once. Default 10,000, and never more than the
    /// process may open files for.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>
    /// The topology file, the same for all regions. Default none: the region is alone, or the topology is in etcd.
    /// </summary>
    public string Topology { get; set; } = "";

    /// <summary>
    /// The origins whose pages may use the registry from the browser, separated by semicolons; <c>*</c> lets any read.
    /// Default none. Pages of others may not write.
    /// </summary>
    public string CorsOrigins { get; set; } = "";

    /// <summary>
    /// The URL where Prometheus reads metrics, at <c>/metrics</c>, such as <c>http://127.0.0.1:9464</c>.
    /// Default none: they cannot be read.
    /// </summary>
    public string MetricsListen { get; set; } = "";

    /// <summary>Each origin of <see cref="CorsOrigins"/>, as browsers send it.</summary>
    public IReadOnlyList<string> Origins =>
        [.. Split(CorsOrigins).Select(origin => origin == CrossOrigin.Any ? origin : new Uri(origin).GetLeftPart(UriPartial.Authority))];

    /// <summary>Each URL of <see cref="Listen"/>.</summary>
    public IReadOnlyList<string> Urls => Split(Listen);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!RegionId.TryParse(Region, out _))
            yield return new ValidationResult(
                $"'{Region}' is not a region id: use 1 to {RegionId.MaxLength} lower-case letters, digits and inner dashes, "
                    + "a letter first.",
                [nameof(Region)]);
        if (Urls.Count == 0)
            yield return new ValidationResult($"'{Listen}' names no address: use a form such as http://0.0.0.0:5000.", [nameof(Listen)]);
        foreach (var url in Urls)
        {
            if (!IsHttpRoot(url))
                yield return new ValidationResult(
                    $"'{url}' is not an address to listen on: use a form such as http://0.0.0.0:5000.", [nameof(Listen)]);
        }

        if (MetricsListen.Length > 0 && !IsHttpRoot(MetricsListen))
            yield return new ValidationResult(
                $"'{MetricsListen}' is not an address to listen on: use a form such as http://127.0.0.1:9464.", [nameof(MetricsListen)]);
        var origins = Split(CorsOrigins);
        if (origins.Contains(CrossOrigin.Any) && origins.Length > 1)
            yield return new ValidationResult(
                $"'{CrossOrigin.Any}' must be the only entry: name the origins, or allow any to read.", [nameof(CorsOrigins)]);
        foreach (var origin in origins)
        {
            if (origin != CrossOrigin.Any && !IsHttpRoot(origin))
                yield return new ValidationResult(
                    $"'{origin}' is not an origin: use a form such as https://ui.example, without a path.", [nameof(CorsOrigins)]);
        }
    }

    private static string[] Split(string list) => list.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsHttpRoot(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") && uri.PathAndQuery == "/";
}
