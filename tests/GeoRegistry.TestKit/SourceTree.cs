namespace GeoRegistry.TestKit;

/// <summary>The checkout that the tests were built from.</summary>
public static class SourceTree
{
    /// <summary>Its top folder.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "GeoRegistry.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}
