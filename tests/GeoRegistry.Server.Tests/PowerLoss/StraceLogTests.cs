using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.PowerLoss;

public sealed class StraceLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Read_CallReturnsLater_IsTwoSteps()
    {
        var steps = Read("""
            7 fsync(5<\x2f\x61> <unfinished ...>
            8 fsync(6<\x2f\x62>) = 0
            7 <... fsync resumed>) = 0
            """);

        Assert.Equal(
            [("/a", false), ("/b", false), ("/b", true), ("/a", true)], steps.Select(step => (step.Call.Target(0), step.IsReturn)));
        Assert.All(steps, step => Assert.True(step.Call.Succeeded));
    }

    /// <summary>Other threads of the recorded process are anywhere when the recording ends; nothing is known of results then.</summary>
    [Theory]
    [InlineData("7 write(5<\\x2f\\x61>, \"\\x41\", 1 <detached ...>")]
    [InlineData("7 write(5<\\x2f\\x61>, \"\\x41\", 1 <unfinished ...>\n7 <... write resumed> <detached ...>")]
    [InlineData("7 write(5<\\x2f\\x61>, \"\\x41\", 1 <unfinished ...>\n7 <... write resumed>) = ?")]
    public void Read_RecordingEndsWithinACall_HasItsBeginningAlone(string log)
    {
        var step = Assert.Single(Read(log));

        Assert.False(step.IsReturn);
        Assert.Null(step.Call.Result);
        Assert.Equal("/a", step.Call.Target(0));
    }

    public void Dispose() => _folder.Dispose();

    private List<TraceStep> Read(string log)
    {
        File.WriteAllText(_folder.Child("log"), log);
        return StraceLog.Read(_folder.Child("log"));
    }
}
