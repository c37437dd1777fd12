namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>Variables that the processes started within its life inherit.</summary>
internal sealed class EnvironmentScope : IDisposable
{
    private readonly List<string> _names = [];

    public EnvironmentScope(params (string Name, string Value)[] variables)
    {
        foreach (var (name, value) in variables)
        {
            Environment.SetEnvironmentVariable(name, value);
            _names.Add(name);
        }
    }

    public void Dispose() => _names.ForEach(name => Environment.SetEnvironmentVariable(name, null));
}
