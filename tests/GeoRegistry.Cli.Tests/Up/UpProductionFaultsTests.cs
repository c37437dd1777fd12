using GeoRegistry.TestKit;

namespace GeoRegistry.Cli.Tests.Up;

/// <summary><c>georegistry up --production</c> where it cannot start; where it can, the clients' tests use it.</summary>
public sealed class UpProductionFaultsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Up_EtcdCannotStart_SaysItsLastWordsAndEndsAll()
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.Path, File.GetUnixFileMode(_folder.Path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(_folder.Child("production"));
        await File.WriteAllTextAsync(_folder.Child("production/etcd"), "a file in the place of etcd's data");

        var (code, error) = await RunAsync(_folder.Path);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Matches("(?s)etcd could not start \\(exit code \\d+\\).*etcd", error);
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc"), IsOfThisTest);
        Assert.True(File.Exists(_folder.Child("production/postgresql/data/PG_VERSION")));
        Assert.Contains(
            "database system is shut down",
            await File.ReadAllTextAsync(_folder.Child("production/postgresql.log")),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_FolderThatPostgreSqlCannotEnter_SaysWhatToDo()
    {
        if (!Environment.IsPrivilegedProcess) return; // Others run PostgreSQL as themselves.

        var (code, error) = await RunAsync(_folder.Path);

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("the user postgres cannot enter", error, StringComparison.Ordinal);
        Assert.Contains("choose a folder with --data", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("a-folder-that-is-far-from-the-root-of-the-file-system-and-has-a-long-name-as-folders-of-build-systems-do")]
    public async Task Up_PathThatPostgreSqlCannotListenIn_SaysSoBeforeAnythingIsMade(string name)
    {
        var (code, error) = await RunAsync(_folder.Child(name));

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("PostgreSQL cannot listen in", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Child(name)));
    }

    private static Task<(int ExitCode, string Error)> RunAsync(string data) =>
        UpProcess.RunAsync("--production", "--data", data, "--listen", "http://127.0.0.1:0");

    private bool IsOfThisTest(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Contains(_folder.Path, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // It is no process, or has ended.
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
