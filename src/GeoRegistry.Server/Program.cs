using GeoRegistry.Server;
using GeoRegistry.Server.Configuration;
using GeoRegistry.Server.Maintenance;

if (args.Intersect(["--help", "-h", "-?"]).Any())
{
    Console.WriteLine(CommandLine.Help);
    return ExitCode.Stopped;
}

if (Verbs.TryFind(args, out var verb)) return await verb();

var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
CommandLine.Add(builder.Configuration, args, out var faults);
var configuration = ServerConfiguration.Read(builder.Configuration, out var faultsOfOptions);
if (faults.Count + faultsOfOptions.Count > 0)
{
    Console.Error.WriteLine("The configuration is not valid:");
    foreach (var fault in faults.Concat(faultsOfOptions)) Console.Error.WriteLine($"  {fault}");
    return ExitCode.InvalidConfiguration;
}

try
{
    await RegionServer.RunAsync(builder, configuration);
    return ExitCode.Stopped;
}
catch (Exception e)
{
    Console.Error.WriteLine(
        $"GeoRegistry could not start at {configuration.Server.Listen} "
            + $"with the data in {Path.GetFullPath(configuration.Server.Data)}: {e.Message}");
    return ExitCode.CouldNotStart;
}
