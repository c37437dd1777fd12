using GeoRegistry.Cli.Up;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cli.Tests.Up;

public sealed class ChildLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_FileThatIsThere_IsAddedTo()
    {
        File.WriteAllText(_folder.Child("eu.log"), "before\n");

        using (var log = new ChildLog(_folder.Child("eu.log")))
        {
            log.Write("after");
            Assert.Null(log.TakeLoss());
        }

        Assert.Equal("before\nafter\n", File.ReadAllText(_folder.Child("eu.log")));
    }

    [Fact]
    public void Write_DiskFull_LosesLinesAndSaysItOnce()
    {
        File.CreateSymbolicLink(_folder.Child("eu.log"), "/dev/full");
        using var log = new ChildLog(_folder.Child("eu.log"));

        log.Write("one");
        log.Write("two");

        Assert.Contains("eu.log cannot be written: No space left", log.TakeLoss(), StringComparison.Ordinal);
        log.Write("three");
        Assert.Null(log.TakeLoss());
    }

    [Fact]
    public void Write_FileCanBeWrittenAgain_GoesOnAndSaysHowManyLinesAreMissing()
    {
        Directory.CreateDirectory(_folder.Child("eu.log"));
        using var log = new ChildLog(_folder.Child("eu.log"));
        log.Write("one");
        log.Write("two");

        Directory.Delete(_folder.Child("eu.log"));
        log.Write("three");
        log.Write("four");

        Assert.Equal("\n(2 lines could not be written here)\nthree\nfour\n", File.ReadAllText(_folder.Child("eu.log")));
        Assert.NotNull(log.TakeLoss());
    }
}
