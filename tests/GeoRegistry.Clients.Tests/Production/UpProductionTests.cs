using GeoRegistry.Clients.Tests.Images;
using GeoRegistry.TestKit;

namespace GeoRegistry.Clients.Tests.Production;

/// <summary><c>georegistry up --production</c>: PostgreSQL, Azurite and etcd as they are installed.</summary>
public sealed class UpProductionTests(ClientFixture client) : IClassFixture<ClientFixture>
{
    [Fact]
    public async Task Up_Production_KeepsWhatWasPushedOverARestartAndLeavesNoProcess()
    {
        using var folder = new TemporaryFolder();
        await client.Home.Start("chmod", "755", folder.Path).SucceedAsync(); // PostgreSQL is another user's.
        var image = client.Images.Debian;
        await using (var up = await UpProcess.StartAsync(folder.Path, "--production"))
        {
            await client.Home.Skopeo(
                "copy", "--dest-tls-verify=false", image.Reference, $"docker://{up.Entrance.Authority}/team/app:1").SucceedAsync();
            await PullAsync(up.Regions["ap"], "first");
            await EndAsync(up);
        }

        // Nothing of it is where plain 'up' keeps it.
        foreach (var region in new[] { "eu", "us", "ap" })
        {
            var data = Path.Combine(folder.Path, "production", region);
            Assert.False(File.Exists(Path.Combine(data, "metadata.db")));
            Assert.False(Directory.Exists(Path.Combine(data, "blobs")));
        }

        await using var again = await UpProcess.StartAsync(folder.Path, "--production");
        foreach (var (region, address) in again.Regions) await PullAsync(address, $"again-{region}");
        await EndAsync(again);
        Assert.DoesNotContain(
            "not properly shut down",
            await File.ReadAllTextAsync(Path.Combine(folder.Path, "production", "postgresql.log")),
            StringComparison.Ordinal);

        async Task PullAsync(Uri registry, string name)
        {
            var back = client.Home.Child(name);
            await client.Home.Skopeo(
                "copy", "--src-tls-verify=false", $"docker://{registry.Authority}/team/app:1", $"oci:{back}:latest").SucceedAsync();
            await new OciLayout(back).AssertHoldsExactlyAsync(image);
        }
    }

    private static async Task EndAsync(UpProcess up)
    {
        var children = up.Children();
        Assert.Equal(9, children.Count); // PostgreSQL, etcd and the entrance; three servers, three Azurites.
        await up.SignalAsync("TERM");
        Assert.Equal(0, await up.EndAsync());
        Assert.DoesNotContain(children, process => Directory.Exists($"/proc/{process}"));
        Assert.EndsWith("All processes have ended.", up.Error.TrimEnd(), StringComparison.Ordinal);
    }
}
