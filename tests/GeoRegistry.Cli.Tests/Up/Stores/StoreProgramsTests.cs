using GeoRegistry.Cli.Up.Stores;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cli.Tests.Up.Stores;

public sealed class StoreProgramsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_NothingIsInstalled_SaysAllThatIsMissingAndHowToInstallIt()
    {
        Assert.Null(StorePrograms.Find(null, _folder.Child("none"), _ => null, null, out var faults));

        Assert.Collection(
            faults,
            fault => Assert.StartsWith("PostgreSQL 15 or later is not installed: apt-get install", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("etcd is not installed: apt-get install etcd-server", fault, StringComparison.Ordinal),
            fault => Assert.EndsWith("npm install --global azurite", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void Find_SeveralVersions_TakesTheNewestOrThatOfTheDatabase()
    {
        foreach (var version in new[] { "9.6", "14", "15", "16" }) Install(version);

        Assert.Equal(_folder.Child("16/bin"), Find(null)?.PostgreSql);
        Assert.Equal(_folder.Child("15/bin"), Find("15")?.PostgreSql);
    }

    [Fact]
    public void Find_OldVersionOnly_IsMissing()
    {
        Install("14");

        Assert.Null(Find(null));
    }

    [Fact]
    public void Find_AzuriteOfTheSourceTree_IsTaken()
    {
        Install("15");
        var program = _folder.Child("tests/azurite/node_modules/.bin/azurite-blob");
        Directory.CreateDirectory(Path.GetDirectoryName(program)!);
        File.WriteAllText(program, "");

        var found = StorePrograms.Find(
            null, _folder.Path, name => name == "azurite-blob" ? null : $"/usr/bin/{name}", _folder.Path, out _);

        Assert.Equal(program, found?.Azurite);
    }

    private StorePrograms? Find(string? version) =>
        StorePrograms.Find(version, _folder.Path, name => name == "initdb" ? null : $"/usr/bin/{name}", null, out _);

    private void Install(string version)
    {
        Directory.CreateDirectory(_folder.Child($"{version}/bin"));
        File.WriteAllText(_folder.Child($"{version}/bin/postgres"), "");
    }
}
