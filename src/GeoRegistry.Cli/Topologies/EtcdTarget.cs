using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using GeoRegistry.Cli.Output;
using GeoRegistry.Regions.Control.Etcd;
using Microsoft.Extensions.Logging.Abstractions;

namespace GeoRegistry.Cli.Topologies;

/// <summary>The options by which a command reaches etcd; they are those of a region (<c>GeoRegistry:Etcd</c>).</summary>
internal sealed class EtcdTarget
{
    private const string EndpointsVariable = "GEOREGISTRY_ETCD";

    private static readonly EtcdOptions Defaults = new();

    private readonly Option<string> _endpoints = new("--etcd")
    {
        Description = $"The members of the etcd cluster, separated by semicolons. Without it: ${EndpointsVariable}.",
        HelpName = "URLS",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(EndpointsVariable) ?? "",
    };

    private readonly Option<string> _prefix = new("--etcd-prefix")
    {
        Description = $"What the keys begin with. Without it: {Defaults.Prefix}.",
        HelpName = "PREFIX",
        DefaultValueFactory = _ => Defaults.Prefix,
    };

    private readonly Option<string> _user = Text("--etcd-user", "NAME", "The user, where etcd has authentication enabled.");
    private readonly Option<string> _password = Text("--etcd-password-file", "FILE", "The file with the user's password.");
    private readonly Option<string> _authority = Text(
        "--etcd-authority", "FILE", "The authorities that signed the members' certificates, in PEM. Without it: those of the system.");

    private readonly Option<string> _certificate = Text("--etcd-certificate", "FILE", "The certificate to show to members, in PEM.");
    private readonly Option<string> _key = Text("--etcd-key", "FILE", "Its private key, in PEM.");

    private readonly Option<TimeSpan?> _timeout = new("--etcd-timeout")
    {
        Description = "How long a request may take, such as 10s.",
        HelpName = "TIME",
        CustomParser = argument => Durations.Parse(argument),
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _endpoints, _prefix, _user, _password, _authority, _certificate, _key, _timeout })
            command.Options.Add(option);
    }

    /// <summary>Runs a command on the control store.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="console">Where faults are said.</param>
    /// <param name="run">What it does; what it throws because the topology has faults is said, too.</param>
    public async Task<int> RunAsync(ParseResult parsed, CliConsole console, Func<EtcdControlStore, Task<int>> run)
    {
        var options = Read(parsed);
        var faults = new List<ValidationResult>();
        // The validator asks the object itself only when its attributes find no fault.
        if (!Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true))
            faults = [.. faults.Concat(options.Validate(new ValidationContext(options))).DistinctBy(fault => fault.ErrorMessage)];
        if (!options.IsUsed && faults.Count == 0)
            faults.Add(new ValidationResult("name the members of etcd: http://127.0.0.1:2379.", [nameof(options.Endpoints)]));
        foreach (var fault in faults) console.Say($"{OptionOf(fault.MemberNames.First()).Name}: {fault.ErrorMessage}");
        if (faults.Count > 0) return ExitCode.Usage;
        using var store = new EtcdControlStore(options, TimeProvider.System, NullLogger<EtcdControlStore>.Instance);
        try
        {
            return await run(store);
        }
        catch (InvalidDataException e)
        {
            console.Say(e.Message);
            return ExitCode.Failed;
        }
    }

    private EtcdOptions Read(ParseResult parsed) => new()
    {
        Endpoints = parsed.GetValue(_endpoints) ?? "",
        Prefix = parsed.GetValue(_prefix) ?? Defaults.Prefix,
        User = parsed.GetValue(_user) ?? "",
        PasswordFile = parsed.GetValue(_password) ?? "",
        Authority = parsed.GetValue(_authority) ?? "",
        CertificateFile = parsed.GetValue(_certificate) ?? "",
        KeyFile = parsed.GetValue(_key) ?? "",
        Timeout = parsed.GetValue(_timeout) ?? Defaults.Timeout,
    };

    private Option OptionOf(string property) => property switch
    {
        nameof(EtcdOptions.Prefix) => _prefix,
        nameof(EtcdOptions.User) => _user,
        nameof(EtcdOptions.PasswordFile) => _password,
        nameof(EtcdOptions.Authority) => _authority,
        nameof(EtcdOptions.CertificateFile) => _certificate,
        nameof(EtcdOptions.KeyFile) => _key,
        nameof(EtcdOptions.Timeout) => _timeout,
        _ => _endpoints,
    };

    private static Option<string> Text(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value };
}
