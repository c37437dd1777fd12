using System.Net;
using GeoRegistry.Benchmarks.Content;

namespace GeoRegistry.Benchmarks.Peers;

/// <summary>A server under load, with a folder of data of its own.</summary>
internal interface IPeer : IDisposable
{
    string Name { get; }

    /// <summary>Whether it is a registry; otherwise it only serves files.</summary>
    bool TakesPushes { get; }

    /// <summary>Where it listens while it runs.</summary>
    IPEndPoint Address { get; }

    /// <summary>Its processes, the workers of nginx among them.</summary>
    IReadOnlyList<int> ProcessIds { get; }

    /// <summary>Starts the server on the data that it has and waits until it is ready.</summary>
    /// <returns>The time from the start of the process to the first answer that says ready.</returns>
    TimeSpan Start();

    /// <summary>Ends the server; its data stays. Does nothing where it does not run.</summary>
    void Stop();

    /// <summary>Puts an image there before a scenario.</summary>
    void SeedImage(string repository, string tag, Image image);

    /// <summary>Puts a blob there before a scenario.</summary>
    void SeedBlob(string repository, Blob blob);

    /// <summary>Puts many tags on an image that is there.</summary>
    void SeedTags(string repository, Image image, IReadOnlyList<string> tags);
}
