using System.ComponentModel.DataAnnotations;
using GeoRegistry.Ledgers;

namespace GeoRegistry.Replication.Peers;

/// <summary>How a region talks to the others: the section <c>GeoRegistry:Peer</c>.</summary>
public sealed class PeerOptions : IValidatableObject
{
    /// <summary>The minimum length of a cluster key, in characters.</summary>
    public const int KeyMinLength = 32;

    /// <summary>
    /// Where the other regions reach this one: a URL with <c>http</c> or <c>https</c>; HTTP/2 only. Default
    /// <c>http://127.0.0.1:6000</c>.
    /// </summary>
    [Required]
    public string Listen { get; set; } = "http://127.0.0.1:6000";

    /// <summary>
    /// The file with the cluster key, the same text in every region, 32 characters or more. Needed with a topology.
    /// Default none.
    /// </summary>
    public string KeyFile { get; set; } = "";

    /// <summary>
    /// A PEM file with the authorities whose certificates the other regions have, where their addresses are <c>https</c>.
    /// Default none: those of the system.
    /// </summary>
    public string Authority { get; set; } = "";

    /// <summary>
    /// Addresses to reach regions at from here, where they are not the topology's: <c>us=https://10.0.0.1:6000;ap=…</c>.
    /// Default none.
    /// </summary>
    public string Addresses { get; set; } = "";

    /// <summary>How much later everything between regions arrives, each way: for demonstrations. Default 0.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Latency { get; set; }

    /// <summary>
    /// How long a region may take to begin to answer for a blob that a client waits for, before a second region is asked as well.
    /// Default 0.5 seconds.
    /// </summary>
    /// <remarks>The farthest regions answer within 0.3 seconds. A second one is asked for one in ten requests at most.</remarks>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan HedgeDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a write that is relayed to another region may make no progress. Default 5 minutes.</summary>
    /// <remarks>
    /// So long may take each part of the body that the other region is sent, and the answer once it has the whole body. A home may
    /// first wait for its <c>StalenessBound</c> and hash a large upload again, so this is longer. Time that the client takes does
    /// not count.
    /// </remarks>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The entries of <see cref="Addresses"/>.</summary>
    public IReadOnlyDictionary<RegionId, Uri> AddressOf => Split(Addresses)
        .Select(entry => entry.Split('=', 2))
        .ToDictionary(pair => RegionId.Parse(pair[0].Trim()), pair => new Uri(pair[1].Trim()));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsAddress(Listen))
            yield return new ValidationResult(
                $"'{Listen}' is not an address to listen on: use a form such as https://0.0.0.0:6000.", [nameof(Listen)]);
        foreach (var entry in Split(Addresses))
        {
            var pair = entry.Split('=', 2);
            if (pair.Length != 2 || !RegionId.TryParse(pair[0].Trim(), out _) || !IsAddress(pair[1]))
                yield return new ValidationResult(
                    $"'{entry}' is not a region and its address: use a form such as us=https://10.0.0.1:6000.", [nameof(Addresses)]);
        }

        var regions = Split(Addresses).Select(entry => entry.Split('=', 2)[0].Trim());
        foreach (var twice in regions.GroupBy(region => region).Where(group => group.Count() > 1))
            yield return new ValidationResult($"{twice.Key} is listed twice in the addresses: keep one.", [nameof(Addresses)]);
        foreach (var (name, file) in new[] { (nameof(KeyFile), KeyFile), (nameof(Authority), Authority) })
        {
            if (file.Length > 0 && !File.Exists(file)) yield return new ValidationResult($"there is no file '{file}'.", [name]);
        }

        if (!File.Exists(KeyFile)) yield break;
        if (ReadKey().Any(c => c is < ' ' or > '~'))
            yield return new ValidationResult(
                $"the key in '{KeyFile}' has characters other than printable ASCII: make one with 'openssl rand -hex 32'.",
                [nameof(KeyFile)]);
        else if (ReadKey().Length < KeyMinLength)
            yield return new ValidationResult(
                $"the key in '{KeyFile}' has fewer than {KeyMinLength} characters: make one with 'openssl rand -hex 32'.",
                [nameof(KeyFile)]);
    }

    /// <summary>The cluster key.</summary>
    public string ReadKey() => File.ReadAllText(KeyFile).Trim();

    private static bool IsAddress(string text) =>
        Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/";

    private static string[] Split(string text) => text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
