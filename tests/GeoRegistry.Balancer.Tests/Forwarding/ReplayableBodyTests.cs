using System.IO.Pipelines;
using System.Text;
using GeoRegistry.Balancer.Forwarding;

namespace GeoRegistry.Balancer.Tests.Forwarding;

public sealed class ReplayableBodyTests : IDisposable
{
    private readonly Pipe _client = new();
    private readonly ReplayableBody _body;

    public ReplayableBodyTests() => _body = new ReplayableBody(_client.Reader);

    public void Dispose() => _body.Dispose();

    [Fact]
    public async Task Read_AfterReplay_BeginsWithTheFirstByteAndGoesOnWithTheClients()
    {
        await SendAsync("abc");
        Assert.True(_body.IsUntouched);
        Assert.Equal("abc", await ReadAsync());
        Assert.False(_body.IsUntouched);

        _body.Replay();
        await SendAsync("def", isEnd: true);

        Assert.Equal("abcdef", await ReadToEndAsync());
    }

    [Fact]
    public async Task Read_MoreThanIsKept_PassesAllAndCannotBeReplayed()
    {
        var all = new string('x', 3 * 1024 * ReplayableBody.MaxKeptKiB);
        var sending = SendAsync(all, isEnd: true);

        Assert.Equal(all, await ReadToEndAsync());
        await sending;

        Assert.False(_body.CanReplay);
        Assert.Throws<InvalidOperationException>(_body.Replay);
    }

    [Fact]
    public async Task Read_ExactlyWhatIsKept_CanBeReplayed()
    {
        var all = new string('x', 1024 * ReplayableBody.MaxKeptKiB);
        var sending = SendAsync(all, isEnd: true);
        Assert.Equal(all, await ReadToEndAsync());
        await sending;

        _body.Replay();

        Assert.Equal(all, await ReadToEndAsync());
    }

    [Fact]
    public async Task Read_CancelledWhileTheClientIsIdle_SaysSoAndLosesNothing()
    {
        using var cancel = new CancellationTokenSource();
        var reading = _body.ReadAsync(new byte[10], cancel.Token).AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.True(_body.IsClientIdle);
        Assert.True(_body.IsUntouched);

        _body.Replay();
        Assert.False(_body.IsClientIdle);
        await SendAsync("late", isEnd: true);
        Assert.Equal("late", await ReadToEndAsync());
    }

    [Fact]
    public async Task Read_EndOfAnEarlierReadComesLate_WaitsForTheClient()
    {
        _client.Reader.CancelPendingRead(); // As a token's callback does that runs when its read is over.
        var reading = ReadAsync();

        await SendAsync("abc");

        Assert.Equal("abc", await reading);
    }

    private async Task SendAsync(string text, bool isEnd = false)
    {
        await _client.Writer.WriteAsync(Encoding.ASCII.GetBytes(text));
        if (isEnd) await _client.Writer.CompleteAsync();
    }

    private async Task<string> ReadAsync()
    {
        var buffer = new byte[1000];
        return Encoding.ASCII.GetString(buffer, 0, await _body.ReadAsync(buffer));
    }

    private async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(_body, Encoding.ASCII, leaveOpen: true);
        return await reader.ReadToEndAsync();
    }
}
