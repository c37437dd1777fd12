namespace GeoRegistry.Cli.Up;

/// <summary>A process did not start; the message says which, with the last lines that it wrote.</summary>
internal sealed class StartFault(ChildProcess child, string what)
    : Exception($"{what}. The end of {child.LogFile}:\n{string.Join('\n', child.LastLines.Select(line => $"  {line}"))}");
