using System.Diagnostics;
using GeoRegistry.Ledgers.Blobs;
using GeoRegistry.Ledgers.Stores;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Ledgers.Tests.Stores;

public sealed class StoreCallsTests
{
    private const string System = "of-this-test";

    private readonly StoreCalls _calls = StoreCalls.OfMetadata(System);

    [Fact]
    public async Task RunAsync_InATrace_HasASpanAndADurationByConvention()
    {
        using var heard = new HeardCalls();

        Assert.Equal(7, await _calls.RunAsync("FindTagAsync", () => new ValueTask<int>(7)));

        var span = Assert.Single(heard.Spans);
        Assert.Equal((ActivityKind.Client, $"{System} FindTag", heard.Trace.SpanId), (span.Kind, span.OperationName, span.ParentSpanId));
        Assert.Equal((System, "FindTag"), (span.GetTagItem("db.system.name"), span.GetTagItem("db.operation.name")));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        var duration = Assert.Single(Durations(heard));
        Assert.Equal("FindTag", duration["db.operation.name"]);
        Assert.False(duration.ContainsKey("error.type"));
    }

    [Fact]
    public async Task RunAsync_CallMakesAnother_ItIsASpanBelow()
    {
        using var heard = new HeardCalls();

        await _calls.RunAsync("Outer", () => _calls.RunAsync("Inner", async () => await Task.Yield()));

        Assert.Equal([$"{System} Inner", $"{System} Outer"], heard.Spans.Select(span => span.OperationName));
        Assert.Equal(heard.Spans[1].SpanId, heard.Spans[0].ParentSpanId);
        Assert.Same(heard.Trace, Activity.Current);
    }

    [Fact]
    public async Task RunAsync_OutsideOfATrace_HasADurationAndNoSpan()
    {
        using var heard = new HeardCalls();
        Activity.Current = null;

        await _calls.RunAsync("Poll", () => default);

        Assert.Empty(heard.Spans);
        Assert.Single(Durations(heard));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_CallFails_SaysWhatItWas(bool isAsynchronous)
    {
        using var heard = new HeardCalls();
        var failure = new StoreUnavailableException("away", new IOException());

        var thrown = await Record.ExceptionAsync(async () =>
        {
            if (isAsynchronous) await _calls.RunAsync<int>("Fail", () => throw failure);
            else _calls.Run<int>("Fail", () => throw failure);
        });

        Assert.Same(failure, thrown);
        Assert.Equal(typeof(StoreUnavailableException).FullName, Assert.Single(Durations(heard))["error.type"]);
        Assert.Equal(ActivityStatusCode.Error, Assert.Single(heard.Spans).Status);
        Assert.Same(heard.Trace, Activity.Current);
    }

    public static TheoryData<Exception> NoFaults => [new OperationCanceledException(), new UploadTakenOverException("upload")];

    [Theory]
    [MemberData(nameof(NoFaults))]
    public async Task RunAsync_CallerHasGone_IsNoErrorOfTheStore(Exception failure)
    {
        using var heard = new HeardCalls();

        await Record.ExceptionAsync(async () => await _calls.RunAsync("Fail", () => ValueTask.FromException(failure)));

        Assert.False(Assert.Single(Durations(heard)).ContainsKey("error.type"));
        Assert.Equal(ActivityStatusCode.Unset, Assert.Single(heard.Spans).Status);
    }

    private static IEnumerable<IReadOnlyDictionary<string, object?>> Durations(HeardCalls heard) =>
        heard.DurationsOf("db.client.operation.duration").Where(tags => System.Equals(tags["db.system.name"]));
}
