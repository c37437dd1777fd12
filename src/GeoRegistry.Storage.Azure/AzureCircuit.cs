using System.Runtime.ExceptionServices;
using Azure.Core;
using Azure.Core.Pipeline;
using GeoRegistry.Resilience;

namespace GeoRegistry.Storage.Azure;

/// <summary>Has requests to an account go through a circuit, each with all its tries: one that hangs is not waited for by all.</summary>
/// <remarks>An answer of any status says that the service is there. What comes of a body after the answer's head is not counted.</remarks>
internal sealed class AzureCircuit(TimeProvider clock) : HttpPipelinePolicy
{
    /// <summary>How many requests may be under way: as many again as there are connections wait for one.</summary>
    private const int MaxUnderWay = 2 * AzureClient.MaxConnections;

    /// <summary>How long each try of the request may take that finds out whether the service is back.</summary>
    private static readonly TimeSpan TrialTimeout = TimeSpan.FromSeconds(5);

    private readonly Circuit _circuit = new("blobs", MaxUnderWay, failure => failure is UnansweredException, clock);

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (_circuit.IsOpen) message.NetworkTimeout = TrialTimeout;
        try
        {
            await _circuit.RunAsync(
                static async (call, _) =>
                {
                    try
                    {
                        await ProcessNextAsync(call.message, call.pipeline).ConfigureAwait(false);
                        return true;
                    }
                    catch (Exception e) when (!call.message.CancellationToken.IsCancellationRequested)
                    {
                        throw new UnansweredException(e);
                    }
                },
                (message, pipeline),
                mayTakeLong: false,
                message.CancellationToken).ConfigureAwait(false);
        }
        catch (UnansweredException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("The store asks asynchronously.");

    private sealed class UnansweredException(Exception cause) : Exception(cause.Message, cause);
}
