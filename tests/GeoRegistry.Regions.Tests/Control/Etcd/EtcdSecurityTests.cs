using GeoRegistry.Regions.Control;
using GeoRegistry.Regions.Control.Etcd;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Etcd;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Regions.Tests.Control.Etcd;

/// <summary>etcd over TLS with certificates of clients, and with users.</summary>
public sealed class EtcdSecurityTests(EtcdSecurityTests.SecuredMember etcd) : IClassFixture<EtcdSecurityTests.SecuredMember>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task CertificateAndUser_AsConfigured_ReadsReplacesAndWatches()
    {
        using var store = ThreeMembers.Open(etcd.Options("works"));
        Assert.True(await store.TryReplaceAsync(0, SampleTopology.Of(1)));
        await using var watch = store.WatchAsync().GetAsyncEnumerator();
        await watch.MoveNextAsync();

        var next = watch.MoveNextAsync().AsTask();
        Assert.True(await store.TryReplaceAsync(1, SampleTopology.Of(2)));

        Assert.True(await next.OrFail("the next topology"));
        Assert.Equal(2, watch.Current.Version);
    }

    /// <summary>Tokens live in a member's memory.</summary>
    [Fact]
    public async Task Member_IsRestarted_AnotherTokenIsAskedFor()
    {
        using var store = ThreeMembers.Open(etcd.Options("restarted"));
        await store.TryReplaceAsync(0, SampleTopology.Of(1));
        await etcd.Cluster.Members[0].KillAsync();
        await etcd.Cluster.StartAllAsync();

        Assert.Equal(1, (await store.ReadAsync()).Version);
    }

    [Fact]
    public async Task User_NoneIsGiven_SaysThatOneIsNeeded()
    {
        var options = etcd.Options("anonymous");
        (options.User, options.PasswordFile) = ("", "");

        Assert.Contains("give a user", await FaultOfAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Password_IsWrong_SaysWhose()
    {
        var options = etcd.Options("wrong");
        options.PasswordFile = _folder.Child("password");
        await File.WriteAllTextAsync(options.PasswordFile, "guessed");

        Assert.Contains("Check the user georegistry, and its password", await FaultOfAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_HasNoPermissionForThePrefix_SaysWhichToGrant()
    {
        var options = etcd.Options("other");
        options.Prefix = "/elsewhere";

        Assert.Contains("readwrite on the prefix /elsewhere/", await FaultOfAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authority_IsAnother_FailsAndSaysThatTheCertificateIsNotTrusted()
    {
        using var another = new TestAuthority(_folder.Path, "another");
        var options = etcd.Options("untrusted");
        options.Authority = another.File;

        Assert.Contains("certificate", await FaultOfAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_AreReplacedOnDisk_AreTakenUpWithoutARestart()
    {
        using var another = new TestAuthority(_folder.Path, "another");
        var (right, options) = (etcd.Options("rotated"), etcd.Options("rotated"));
        options.Authority = another.File;
        using var store = ThreeMembers.Open(options);
        await Assert.ThrowsAsync<ControlStoreUnavailableException>(() => store.ReadAsync());

        File.Copy(right.Authority, options.Authority, overwrite: true);

        await Waiting.UntilAsync("the new authority is taken up", async () =>
        {
            try
            {
                return await store.TryReplaceAsync(0, SampleTopology.Of(1));
            }
            catch (ControlStoreUnavailableException)
            {
                return false;
            }
        });
    }

    private static async Task<string> FaultOfAsync(EtcdOptions options)
    {
        using var store = ThreeMembers.Open(options);
        return (await Assert.ThrowsAsync<ControlStoreUnavailableException>(() => store.ReadAsync())).Message;
    }

    /// <summary>One member that asks its clients for a certificate and a user.</summary>
    public sealed class SecuredMember : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private readonly TestAuthority _authority;
        private readonly EtcdSecurity _security;

        public SecuredMember()
        {
            _authority = new TestAuthority(_folder.Path);
            _security = new EtcdSecurity(_authority);
        }

        public EtcdCluster Cluster { get; private set; } = null!;

        /// <summary>How a region reaches it.</summary>
        /// <param name="test">What its keys are named by.</param>
        public EtcdOptions Options(string test) => new()
        {
            Endpoints = Cluster.Endpoints,
            Prefix = $"/georegistry/{test}",
            User = "georegistry",
            PasswordFile = _folder.Child("password"),
            Authority = _authority.File,
            CertificateFile = _security.Client.Certificate,
            KeyFile = _security.Client.Key,
            Timeout = TimeSpan.FromSeconds(2),
        };

        public async Task InitializeAsync()
        {
            await File.WriteAllTextAsync(_folder.Child("password"), "secret\n");
            Cluster = await EtcdCluster.StartAsync(members: 1, _security);
            foreach (var command in new[]
            {
                "user add root:root", "user grant-role root root", "role add regions",
                "role grant-permission regions readwrite --prefix /georegistry/", "user add georegistry:secret",
                "user grant-role georegistry regions", "auth enable",
            })
                await Cluster.ControlAsync(command.Split(' '));
            _security.Root = "root:root";
        }

        public async Task DisposeAsync()
        {
            await Cluster.DisposeAsync();
            _authority.Dispose();
            _folder.Dispose();
        }
    }
}
