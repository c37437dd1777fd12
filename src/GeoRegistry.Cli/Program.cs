using GeoRegistry.Cli;
using GeoRegistry.Cli.Output;

return await CommandLine.RunAsync(args, new CliConsole(Console.Out, Console.Error));
