using System.Net;
using GeoRegistry.Benchmarks.Clients;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;

namespace GeoRegistry.Benchmarks.Peers;

/// <summary>What the registries have in common: they are seeded through their API.</summary>
internal abstract class RegistryPeer : IPeer
{
    private ServerProcess? _process;

    public abstract string Name { get; }

    public bool TakesPushes => true;

    public abstract IPEndPoint Address { get; }

    public IReadOnlyList<int> ProcessIds => _process is { } process ? ProcessUsage.WithChildren(process.Id) : [];

    public TimeSpan Start()
    {
        Stop();
        _process = StartProcess();
        return WaitUntilReady(_process);
    }

    public void Stop() => Interlocked.Exchange(ref _process, null)?.Dispose();

    public void Dispose() => Stop();

    public void SeedImage(string repository, string tag, Image image)
    {
        using var client = new RegistryClient(Address);
        client.Push(repository, tag, image);
    }

    public void SeedBlob(string repository, Blob blob)
    {
        using var client = new RegistryClient(Address);
        client.PushBlob(repository, blob);
    }

    public abstract void SeedTags(string repository, Image image, IReadOnlyList<string> tags);

    protected abstract ServerProcess StartProcess();

    protected abstract TimeSpan WaitUntilReady(ServerProcess process);
}
