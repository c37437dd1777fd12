using Microsoft.Extensions.Logging;

namespace GeoRegistry.Regions.Control.Etcd;

/// <content>What is logged.</content>
internal sealed partial class EtcdClient
{
    [LoggerMessage(1, LogLevel.Debug, "The etcd member {Endpoint} was asked to {What} and failed: {Reason}. The next is asked.")]
    private partial void LogFailed(Uri endpoint, string what, string reason);

    [LoggerMessage(2, LogLevel.Debug, "The etcd member {Endpoint} said nothing for as long as a watch may last; the key is read again.")]
    private partial void LogSilent(Exception end, Uri endpoint);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "etcd went back, to revision {Revision} after {Before}: it was restored from a snapshot, or is another cluster. All of it is read "
            + "anew.")]
    private partial void LogRestored(long revision, long before);
}
