using GeoRegistry.Balancer;
using GeoRegistry.Balancer.Configuration;

if (args.Intersect(["--help", "-h", "-?"]).Any())
{
    Console.WriteLine(CommandLine.Help);
    return ExitCode.Stopped;
}

var config = CommandLine.Read(args, out var faults);
if (faults.Count > 0)
{
    Console.Error.WriteLine("The command line is not valid:");
    foreach (var fault in faults) Console.Error.WriteLine($"  {fault}");
    return ExitCode.InvalidConfiguration;
}

try
{
    await EntranceServer.RunAsync(config);
    return ExitCode.Stopped;
}
catch (Exception e)
{
    Console.Error.WriteLine($"The entrance could not start at {config.Listen}: {e.Message}");
    return ExitCode.CouldNotStart;
}
