using GeoRegistry.TestKit;

namespace GeoRegistry.FrontDoor.Tests.Requests;

/// <summary>Times that a request asks to wait.</summary>
public sealed class WaitTests
{
    [Fact]
    public async Task Receipt_WithAWaitThatIsNoTime_Answers400()
    {
        using var folder = new TemporaryFolder();
        await using var server = await OneRegion.StartAsync(folder);
        using var client = new RegistryClient(server.Address);
        await new RepositoryClient(client, "team/app").PushImageAsync("v1");

        foreach (var wait in new[]
        {
            "-Infinitys", "Infinityms", "NaNs", "-1s", "1e3s", "%E2%88%9Es", "-%E2%88%9E", "s", "61s", "9999999999999999999999s", "x",
        })
        {
            (await client.GetAsync($"/api/v1/receipts/eu-7f3a9c01-1?wait={wait}")).ExpectError(400, "UNSUPPORTED");

            // The wait is wrong whatever it is asked for.
            (await client.GetAsync($"/api/v1/receipts/none?wait={wait}")).ExpectError(400, "UNSUPPORTED");
        }

        (await client.GetAsync("/api/v1/receipts/eu-7f3a9c01-1?wait=1.5ms")).Expect(200);
        (await client.GetAsync("/api/v1/receipts/none?wait=1s")).ExpectError(404, "UNSUPPORTED");
    }
}
