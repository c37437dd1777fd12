using GeoRegistry.Ledgers.Commits;
using GeoRegistry.Protocol;

namespace GeoRegistry.Ledgers.Tests;

/// <summary>The numbers that are in databases and on wires: a line may be added, none changed or taken out.</summary>
public sealed class StoredContractTests
{
    private const string Expected = """
        DigestAlgorithm.Sha256 = 1
        DigestAlgorithm.Sha512 = 2
        LedgerKind.Repository = 1
        OperationKind.ManifestPut = 1
        OperationKind.TagSet = 2
        OperationKind.TagDeleted = 3
        OperationKind.ManifestDeleted = 4
        OperationKind.BlobDeleted = 5
        OperationKind.BlobLinked = 6
        """;

    [Fact]
    public void Numbers_OfStoredEnumerations_AreThoseAgreedOn() =>
        Assert.Equal(
            Expected.ReplaceLineEndings("\n"),
            string.Join('\n', [.. Lines<DigestAlgorithm>(), .. Lines<LedgerKind>(), .. Lines<OperationKind>()]));

    [Fact]
    public void Operation_Cases_AreAsManyAsTheirKinds() =>
        Assert.Equal(Enum.GetNames<OperationKind>().Order(), typeof(Operation).GetNestedTypes().Select(type => type.Name).Order());

    private static IEnumerable<string> Lines<T>()
        where T : struct, Enum => Enum.GetValues<T>().Select(value => $"{typeof(T).Name}.{value} = {value:D}");
}
