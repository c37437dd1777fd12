using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace GeoRegistry.Cluster.Tests;

/// <summary>
/// The test host blocks some of the pool's threads: links and clients, which measure, must not wait until it makes more.
/// </summary>
internal static class Threads
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The pool is the process's, and this is the process's program but for its host.")]
    internal static void Raise() => ThreadPool.SetMinThreads(32, 32);
}
