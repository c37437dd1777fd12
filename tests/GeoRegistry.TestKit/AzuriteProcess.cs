using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace GeoRegistry.TestKit;

/// <summary>A real Azurite, which stands for Azure Blob Storage, on a free port of the loopback interface.</summary>
/// <remarks>
/// Stopped by SIGTERM and started again it has what it had; killed, it may lose what it acknowledged in the last seconds, which no Azure
/// does. <c>tests/run</c> installs it.
/// </remarks>
public sealed partial class AzuriteProcess : IAsyncDisposable
{
    /// <summary>The account that every Azurite has, and its well-known key.</summary>
    public const string Account = "devstoreaccount1";

    /// <inheritdoc cref="Account"/>
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly IReadOnlyList<string> _accounts;
    private readonly CertificateFiles? _certificate;
    private Process? _process;

    private AzuriteProcess(IReadOnlyList<string> accounts, CertificateFiles? certificate = null) =>
        (_accounts, _certificate) = (accounts, certificate);

    /// <summary>The port that it listens on, after a restart, too.</summary>
    public int Port { get; private set; }

    /// <summary>The address of the account.</summary>
    public Uri Url => _certificate is null ? UrlAt(Port) : new UriBuilder(UrlAt(Port)) { Scheme = Uri.UriSchemeHttps }.Uri;

    /// <summary>The connection string of the account.</summary>
    public string ConnectionString => ConnectionStringAt(Port);

    /// <summary>Its process.</summary>
    public int Id => _process!.Id;

    /// <summary>Starts one.</summary>
    /// <param name="accounts">
    /// Its accounts, all with the well-known key; none for the usual one. Only between those of one Azurite can blobs be copied.
    /// </param>
    public static Task<AzuriteProcess> StartAsync(params IReadOnlyList<string> accounts) => StartAsync(new AzuriteProcess(accounts));

    /// <summary>Starts one that is asked by identities, which takes https: it takes any token that looks like one.</summary>
    public static Task<AzuriteProcess> StartForIdentitiesAsync(CertificateFiles certificate) =>
        StartAsync(new AzuriteProcess([], certificate));

    private static async Task<AzuriteProcess> StartAsync(AzuriteProcess azurite)
    {
        try
        {
            await azurite.RestartAsync();
            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection string of one of several accounts.</summary>
    public string ConnectionStringOf(string account) =>
        ConnectionString.Replace(Account, account, StringComparison.Ordinal);

    /// <summary>The address of the account through another port, such as a proxy's.</summary>
    public static Uri UrlAt(int port) => new($"http://127.0.0.1:{port}/{Account}");

    /// <inheritdoc cref="UrlAt"/>
    public static string ConnectionStringAt(int port) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={UrlAt(port)};";

    /// <summary>Starts it again after it was stopped, on its data and its port.</summary>
    public async Task RestartAsync()
    {
        var listening = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new StringBuilder();
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(
                "node",
                [
                    MainScript, "--blobHost", "127.0.0.1", "--blobPort", $"{Port}", "--location", _folder.Path,
                    "--skipApiVersionCheck", "--disableTelemetry",
                    .. CertificateArguments,
                ])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = _folder.Path,
                Environment = { ["AZURITE_ACCOUNTS"] = string.Join(';', _accounts.Select(account => $"{account}:{Key}")) },
            },
            EnableRaisingEvents = true,
        };
        process.OutputDataReceived += (_, line) => Observe(line.Data);
        process.ErrorDataReceived += (_, line) => Observe(line.Data);
        process.Exited += (_, _) =>
        {
            lock (output) listening.TrySetException(new InvalidOperationException($"Azurite ended before it listened:\n{output}"));
        };
        process.Start();
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Port = await listening.Task.WaitAsync(StartTimeout);

        void Observe(string? line)
        {
            if (line is null || listening.Task.IsCompleted) return; // After that it writes a line for each request.
            lock (output) output.AppendLine(line);
            if (ListeningLine().Match(line) is { Success: true } match)
                listening.TrySetResult(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Asks it to stop, which keeps its data: SIGTERM.</summary>
    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(StartTimeout);
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _folder.Dispose();
    }

    private string[] CertificateArguments =>
        _certificate is { } files ? ["--oauth", "basic", "--cert", files.Certificate, "--key", files.Key] : [];

    // Where it is installed: in the tree that the tests were built from, or where another says that has none of its own.
    private static string MainScript
    {
        get
        {
            var folder = Environment.GetEnvironmentVariable("GEOREGISTRY_TEST_AZURITE")
                ?? Path.Combine(SourceTree.Root, "tests", "azurite");
            var script = Path.Combine(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js");
            return File.Exists(script)
                ? script
                : throw new FileNotFoundException(
                    "Azurite is not installed: tests/run does it, or 'npm ci --prefix tests/azurite'.", script);
        }
    }

    [GeneratedRegex(@"successfully listen\w* (?:on|at) https?://127\.0\.0\.1:(\d+)")]
    private static partial Regex ListeningLine();
}
