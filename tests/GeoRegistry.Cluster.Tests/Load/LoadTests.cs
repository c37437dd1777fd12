using System.Net;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>The load generator itself is tested on a single region.</summary>
public sealed class LoadTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Random _random = new(3);
    private RegistryProcess _registry = null!;
    private HttpClient _http = null!;

    private RegionClient Client => new("alone", _http);

    [Fact]
    public async Task PushAndPull_ImageAndIndexWithABlobForAChild_AreTheSame()
    {
        var image = TestImage.Next(_random, 1000, 2000);
        var index = TestImage.IndexOf([image, TestImage.Next(_random, 10)], Blob.Next(_random, 500));

        await Client.PushAsync("team/app", "1", image);
        await Client.PushAsync("team/app", "2", index);

        await Client.PullExactlyAsync("team/app", "1", image);
        await Client.PullExactlyAsync("team/app", "2", index);
        Assert.Equal(index.Digest, await Client.PullAsync("team/app", "2"));
    }

    [Fact]
    public async Task Pull_WhatIsNotThere_SaysSo()
    {
        var failure = await Assert.ThrowsAsync<AnswerException>(() => Client.PullAsync("team/none", "1"));
        Assert.Equal(HttpStatusCode.NotFound, failure.Answer.Status);
    }

    [Fact]
    public async Task Skopeo_ImageOfItsOwn_IsPushedAndPulled()
    {
        using var skopeo = new Skopeo();
        var (image, digest) = await skopeo.MakeImageAsync(_random, 10_000, 20_000);

        Assert.True(await skopeo.TryPushAsync(image, _registry.Address, "team/skopeo", "1"), skopeo.LastError);
        Assert.Equal(digest, await Client.PullAsync("team/skopeo", "1"));
        Assert.True(await skopeo.TryPullAsync(_registry.Address, "team/skopeo", "1"), skopeo.LastError);
        Assert.False(await skopeo.TryPullAsync(_registry.Address, "team/skopeo", "2"));
    }

    public async Task InitializeAsync()
    {
        _registry = await RegistryProcess.StartAsync(_folder.Path);
        _http = _registry.CreateClient();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _registry.DisposeAsync();
        _folder.Dispose();
    }
}
