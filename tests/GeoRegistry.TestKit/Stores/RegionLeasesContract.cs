using GeoRegistry.Ledgers;
using GeoRegistry.Regions.Control;

namespace GeoRegistry.TestKit.Stores;

/// <summary>What every control store keeps of the regions' leases. The store of a test has version 1 of a topology.</summary>
public abstract class RegionLeasesContract
{
    private static readonly RegionId Eu = RegionId.Parse("eu"), Us = RegionId.Parse("us");

    /// <summary>Opens the store of this test: once for each process that would.</summary>
    protected abstract Task<IRegionLeases> OpenAsync();

    /// <summary>Replaces version 1 of the topology by version 2.</summary>
    protected abstract Task ChangeTopologyAsync();

    [Fact]
    public async Task RenewAsync_FirstAndAgain_RaisesTheCounterForAllToSee()
    {
        var leases = await OpenAsync();
        Assert.Empty((await leases.ListAsync()).Leases);

        var first = await RenewedAsync(leases, Eu, "a", null);
        var second = await RenewedAsync(leases, Eu, "a", first);
        var other = await RenewedAsync(leases, Us, "b", null);

        Assert.Equal((1, 2, "a"), (first.Counter, second.Counter, second.Holder));
        var listed = (await (await OpenAsync()).ListAsync()).Leases;
        Assert.Equal([second, other], listed.OrderBy(lease => lease.Region.ToString()));
    }

    [Fact]
    public async Task RenewAsync_AnotherProcessTookItOver_IsLost()
    {
        var leases = await OpenAsync();
        var first = await RenewedAsync(leases, Eu, "a", null);
        var taken = await RenewedAsync(await OpenAsync(), Eu, "b", first);

        Assert.Equal(new LeaseRenewal.Lost(taken), await leases.RenewAsync(Eu, "a", first, 1));
        Assert.Equal(new LeaseRenewal.Lost(taken), await leases.RenewAsync(Eu, "c", null, 1));
    }

    [Fact]
    public async Task RenewAsync_RepeatedBecauseItsAnswerWasLost_IsRenewedOnce()
    {
        var leases = await OpenAsync();
        var first = await RenewedAsync(leases, Eu, "a", null);

        Assert.Equal(await RenewedAsync(leases, Eu, "a", first), await RenewedAsync(leases, Eu, "a", first));
    }

    /// <summary>A home whose prefix was moved must not renew for ever.</summary>
    [Fact]
    public async Task RenewAsync_UnderATopologyThatIsNotCurrent_IsRefused()
    {
        var leases = await OpenAsync();
        var first = await RenewedAsync(leases, Eu, "a", null);
        await ChangeTopologyAsync();

        Assert.Equal(new LeaseRenewal.TopologyChanged(2), await leases.RenewAsync(Eu, "a", first, 1));
        Assert.Equal(new LeaseRenewal.TopologyChanged(2), await (await OpenAsync()).RenewAsync(Eu, "a", first, 1));
        Assert.Equal([first], (await leases.ListAsync()).Leases);
        Assert.IsType<LeaseRenewal.Renewed>(await leases.RenewAsync(Eu, "a", first, 2));
    }

    [Fact]
    public async Task TryRemoveAsync_NotRenewedSince_EndsIt()
    {
        var (leases, observer) = (await OpenAsync(), await OpenAsync());
        var first = await RenewedAsync(leases, Eu, "a", null);

        Assert.True(await observer.TryRemoveAsync(first));

        Assert.Empty((await observer.ListAsync()).Leases);
        Assert.Equal(new LeaseRenewal.Lost(null), await leases.RenewAsync(Eu, "a", first, 1));
        Assert.True(await observer.TryRemoveAsync(first)); // Its answer may have been lost.
    }

    [Fact]
    public async Task TryRemoveAsync_RenewedSince_LeavesIt()
    {
        var (leases, observer) = (await OpenAsync(), await OpenAsync());
        var first = await RenewedAsync(leases, Eu, "a", null);
        var second = await RenewedAsync(leases, Eu, "a", first);

        Assert.False(await observer.TryRemoveAsync(first));

        Assert.Equal([second], (await observer.ListAsync()).Leases);
    }

    private static async Task<RegionLease> RenewedAsync(IRegionLeases leases, RegionId region, string holder, RegionLease? expected) =>
        Assert.IsType<LeaseRenewal.Renewed>(await leases.RenewAsync(region, holder, expected, 1)).Lease;
}
