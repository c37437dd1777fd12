namespace GeoRegistry.Benchmarks.Scenarios;

/// <summary>All scenarios in the order in which they run.</summary>
internal static class ScenarioCatalog
{
    public static IReadOnlyList<IScenario> Create(ScenarioContext context) =>
    [
        new StartToReady(),
        new ManifestRead(context, onlyHead: false, byDigest: false),
        new ManifestRead(context, onlyHead: false, byDigest: true),
        new ManifestRead(context, onlyHead: true, byDigest: false),
        new ManifestRead(context, onlyHead: true, byDigest: true),
        new SmallBlobRead(context),
        new LargeBlobRead(context),
        new LargeLayerPush(),
        new SmallImagePush(context),
        new TagListPage(context, inTheMiddle: false),
        new TagListPage(context, inTheMiddle: true),
        new ParallelTransfers(),
    ];
}
