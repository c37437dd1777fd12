using System.Runtime.InteropServices;

namespace GeoRegistry.Cli.Up;

/// <summary>Ctrl-C, SIGTERM and the end of the terminal: the first asks for an orderly stop, the second for one at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new(), _again = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals() =>
        _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
                .Select(signal => PosixSignalRegistration.Create(signal, Take)),
        ];

    /// <summary>After the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>After the second.</summary>
    public CancellationToken Again => _again.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
        _again.Dispose();
    }

    private void Take(PosixSignalContext signal)
    {
        signal.Cancel = true;
        (_stop.IsCancellationRequested ? _again : _stop).Cancel();
    }
}
