using System.Net;
using GeoRegistry.Cluster.Tests.Load;
using GeoRegistry.Cluster.Tests.Regions;
using GeoRegistry.TestKit;
using Xunit.Abstractions;

namespace GeoRegistry.Cluster.Tests.Recovery;

/// <summary>Blobs that are uploaded while their home is silent are not forgotten.</summary>
public sealed class SilentHomeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Upload_WhileTheHomeIsSilent_IsKnownToItLaterAndOutlivesADeletion()
    {
        await using var cluster = await RegionCluster.StartAsync();
        var (eu, us, ap, random) = (cluster["eu"], cluster["us"], cluster["ap"], Seeds.Next(output));
        var (blob, again) = (Blob.Next(random, 1000), Blob.Next(random, 1000));
        await eu.Client.PushBlobAsync("team/app", again);
        await eu.Client.PushAsync("team/app", "1", TestImage.Next(random, 1000));
        await cluster.WaitUntilConvergedAsync();
        cluster.Cut("eu", "us");
        (await eu.Client.SendAsync(HttpMethod.Delete, $"/v2/team/app/blobs/{again.Digest}")).Expect(HttpStatusCode.Accepted);
        await eu.SuspendAsync();
        cluster.Heal("eu", "us");
        // The second after its deletion.
        foreach (var upload in new[] { blob, again }) await us.Client.PushBlobAsync("team/app", upload, looksFirst: false);
        await us.KillAsync();
        await us.StartAsync();
        await eu.ContinueAsync();

        await cluster.WaitUntilConvergedAsync();
        foreach (var upload in new[] { blob, again })
        {
            foreach (var region in new[] { eu, us, ap })
                await Waiting.UntilAsync($"{region.Id} knows {upload.Digest}", async () =>
                    (await region.Client.HeadBlobAsync("team/app", upload.Digest)).Status == HttpStatusCode.OK);
        }

        (await eu.Client.PutManifestAsync("team/app", "2", TestImage.Of([blob, again]))).Expect(HttpStatusCode.Created);
        await ap.Client.PullExactlyAsync("team/app", "2", TestImage.Of([blob, again]));
    }
}
