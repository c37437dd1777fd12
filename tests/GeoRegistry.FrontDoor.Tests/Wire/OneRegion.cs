using GeoRegistry.TestKit;

namespace GeoRegistry.FrontDoor.Tests.Wire;

/// <summary>A server with a topology of one region: with the admin API, which a server that is alone does not have.</summary>
internal static class OneRegion
{
    public static Task<RegistryProcess> StartAsync(TemporaryFolder folder, params string[] arguments)
    {
        File.WriteAllText(
            folder.Child("topology.json"),
            """{"version":1,"regions":[{"id":"eu","peer":"http://127.0.0.1:1"}],"homes":[{"prefix":"","region":"eu","epoch":1}]}""");
        File.WriteAllText(folder.Child("key"), "the key of a cluster that lives for one test only");
        return RegistryProcess.StartAsync(
            folder.Child("data"),
            [
                "--region", "eu", "--topology", folder.Child("topology.json"),
                "--peer-listen", "http://127.0.0.1:0", "--peer-key", folder.Child("key"), .. arguments,
            ]);
    }
}
