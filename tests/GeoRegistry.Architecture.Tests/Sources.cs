using GeoRegistry.TestKit;

namespace GeoRegistry.Architecture.Tests;

/// <summary>The repository's own files, as they lie in the work tree.</summary>
internal static class Sources
{
    private static readonly string[] Generated = ["bin", "obj", "node_modules", "TestResults", "artifacts"];

    /// <summary>Files below a folder of the repository, without what builds make; none where there is no such folder.</summary>
    /// <param name="folder">The folder, such as <c>src</c>.</param>
    /// <param name="extensions">What their names end in.</param>
    public static IEnumerable<string> Files(string folder, params string[] extensions)
    {
        var top = Path.Combine(SourceTree.Root, folder);
        if (!Directory.Exists(top)) return [];
        return Directory.EnumerateFiles(top, "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(Path.GetExtension(file))
                && !Path.GetRelativePath(top, file).Split(Path.DirectorySeparatorChar).Any(Generated.Contains))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>A file's path as messages show it.</summary>
    public static string Name(string file) => Path.GetRelativePath(SourceTree.Root, file);
}
