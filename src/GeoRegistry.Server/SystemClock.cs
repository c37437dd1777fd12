using System.Runtime.InteropServices;

namespace GeoRegistry.Server;

/// <summary>
/// The system's time, whose timestamps go on while the machine sleeps: a lease must not outlive a suspended virtual
/// machine's nap.
/// </summary>
/// <remarks>
/// The usual timestamps stop on Linux while it is suspended. Where both clocks stop, as in a virtual machine that
/// is paused, nobody inside can tell.
/// </remarks>
internal sealed partial class SystemClock : TimeProvider
{
    private const int BootTime = 7; // CLOCK_BOOTTIME of Linux.

    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly bool HasBootTime = OperatingSystem.IsLinux() && GetTime(BootTime, out _) == 0;

    private SystemClock()
    {
    }

    /// <summary>The one instance.</summary>
    public static SystemClock Instance { get; } = new();

    /// <inheritdoc/>
    public override long TimestampFrequency => HasBootTime ? NanosecondsPerSecond : base.TimestampFrequency;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        if (!HasBootTime) return base.GetTimestamp();
        _ = GetTime(BootTime, out var time);
        return (time.Seconds * NanosecondsPerSecond) + time.Nanoseconds;
    }

    [SuppressGCTransition]
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        public readonly nint Seconds, Nanoseconds;
    }
}
