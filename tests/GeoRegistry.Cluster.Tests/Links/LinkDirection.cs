using System.Diagnostics;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>One way of a link: what all its connections share.</summary>
internal sealed class LinkDirection(LinkQuality quality)
{
    /// <summary>
    /// How long what a connection sends may wait for the wire: enough that the wire is never idle because a reader woke
    /// late.
    /// </summary>
    private static readonly long Queue = LinkClock.Ticks(TimeSpan.FromMilliseconds(12));

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(3);

    private const int SegmentBytes = 1460, MinChunkBytes = 4 * SegmentBytes, MaxChunkBytes = 64 * 1024, SpareBytes = 512 * 1024;
    private const int UnlimitedWindowBytes = 8 * 1024 * 1024;

    private readonly Lock _lock = new();
    private volatile LinkQuality _quality = quality;
    private volatile TaskCompletionSource? _cut;
    private long _free;
    private long _bytes;

    /// <summary>May change at any time; what is under way stays as it was.</summary>
    public LinkQuality Quality
    {
        get => _quality;
        set => _quality = value;
    }

    /// <summary>How many bytes it has carried.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many bytes a connection sends at a time: so few that connections take turns.</summary>
    public int ChunkBytes => Quality.BitsPerSecond == 0 ? MaxChunkBytes : Math.Clamp(BytesIn(Slice), MinChunkBytes, MaxChunkBytes);

    /// <summary>How many bytes of a connection may be under way: what the link holds, and a little.</summary>
    public int WindowBytes => Quality.BitsPerSecond == 0 ? UnlimitedWindowBytes : BytesIn(Quality.Delay) + SpareBytes;

    public void Cut() => _cut ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Heal()
    {
        var cut = _cut;
        _cut = null;
        cut?.SetResult();
    }

    /// <summary>Ends at once, or when the link is healed.</summary>
    public async ValueTask PassAsync()
    {
        while (_cut is { } cut) await cut.Task;
    }

    /// <summary>Sends bytes, in turn with other connections; ends when more may be sent.</summary>
    /// <returns>When they arrive, in ticks of <see cref="Stopwatch"/>.</returns>
    public async ValueTask<long> SendAsync(int bytes, Random random)
    {
        await PassAsync();
        var quality = Quality;
        var left = quality.BitsPerSecond > 0 ? TakeTurn(bytes, quality.BitsPerSecond) : LinkClock.Now;
        await LinkClock.Shared.UntilAsync(left - Queue);
        Interlocked.Add(ref _bytes, bytes);
        return left + LinkClock.Ticks(IsLost(bytes, quality.Loss, random) ? 3 * quality.Delay : quality.Delay);
    }

    private long TakeTurn(int bytes, long bitsPerSecond)
    {
        lock (_lock) return _free = Math.Max(_free, LinkClock.Now) + (long)(8.0 * bytes / bitsPerSecond * Stopwatch.Frequency);
    }

    // What is sent again comes a round trip later, and all behind it with it.
    private static bool IsLost(int bytes, double loss, Random random) =>
        loss > 0 && random.NextDouble() > Math.Pow(1 - loss, Math.Ceiling(bytes / (double)SegmentBytes));

    private int BytesIn(TimeSpan time) => (int)(Quality.BitsPerSecond / 8.0 * time.TotalSeconds);
}
