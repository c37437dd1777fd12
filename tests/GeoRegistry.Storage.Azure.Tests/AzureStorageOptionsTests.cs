using System.ComponentModel.DataAnnotations;
using Azure.Storage;
using Azure.Storage.Sas;
using GeoRegistry.Ledgers;
using GeoRegistry.TestKit;
using GeoRegistry.TestKit.Stores;

namespace GeoRegistry.Storage.Azure.Tests;

[Collection(AzuriteCollection.Name)]
public sealed class AzureStorageOptionsTests(AzuriteFixture azurite)
{
    [Fact]
    public void Validate_NothingIsSet_HasNoFaults() => Assert.Empty(FaultsOf(new AzureStorageOptions()));

    [Fact]
    public void Validate_EverythingIsWrong_ReportsAllAtOnce()
    {
        var faults = FaultsOf(new AzureStorageOptions
        {
            ConnectionString = "nonsense",
            AccountUrl = "ftp://account",
            Sas = "sv=2024-01-01",
            ManagedIdentity = "someone",
            Container = "Upper_Case",
        });

        Assert.Equal(
            ["AccountUrl", "ConnectionString", "ConnectionString", "Container", "ManagedIdentity", "Sas", "Sas"],
            faults.Select(fault => fault.MemberNames.Single()).Order());
    }

    [Theory]
    [InlineData("https://account.blob.core.windows.net", "", "", true)]
    [InlineData("https://account.blob.core.windows.net", "sv=1&sig=a", "", true)]
    [InlineData("https://account.blob.core.windows.net", "", "client", true)]
    [InlineData("http://account.blob.core.windows.net", "", "", false)]
    [InlineData("https://account.blob.core.windows.net?sv=1&sig=a", "", "", false)]
    [InlineData("https://account.blob.core.windows.net", "sig=a", "client", false)]
    [InlineData("", "sv=1&sig=a", "", false)]
    public void Validate_AccountUrl_WantsOneWayToTellWhoAsks(string url, string sas, string identity, bool isValid)
    {
        var options = new AzureStorageOptions { AccountUrl = url, Sas = sas, ManagedIdentity = identity, Container = "eu-blobs" };

        Assert.Equal(isValid, FaultsOf(options).Count == 0);
        if (isValid) Assert.Equal("eu-blobs", AzureClient.Create(options, TimeProvider.System).Name);
    }

    [Theory]
    [InlineData("eu", false)]
    [InlineData("eu1", true)]
    [InlineData("eu--blobs", false)]
    [InlineData("-eu", false)]
    [InlineData("eu-", false)]
    [InlineData("", false)]
    public void Validate_Container_FollowsTheServicesRules(string name, bool isValid) => Assert.Equal(
        isValid, FaultsOf(new AzureStorageOptions { AccountUrl = "https://a.blob.core.windows.net", Container = name }).Count == 0);

    /// <summary>A copy's source is signed, too.</summary>
    [Fact]
    public async Task Sas_OfTheContainer_IsEnoughForAllThatTheStoreDoes()
    {
        var container = await azurite.CreateContainerAsync();
        var signature = new BlobSasBuilder(
            BlobContainerSasPermissions.Read | BlobContainerSasPermissions.Add | BlobContainerSasPermissions.Create
                | BlobContainerSasPermissions.Write | BlobContainerSasPermissions.Delete | BlobContainerSasPermissions.List,
            TimeProvider.System.GetUtcNow().AddHours(1)) { BlobContainerName = container, Resource = "c" };
        var options = new AzureStorageOptions
        {
            AccountUrl = $"{azurite.Azurite.Url}",
            Sas = $"?{signature.ToSasQueryParameters(new StorageSharedKeyCredential(AzuriteProcess.Account, AzuriteProcess.Key))}",
            Container = container,
        };
        Assert.Empty(FaultsOf(options));
        var (store, blob) = (new AzureBlobStore(options, TimeProvider.System), SampleBlob.Of("content"));

        await store.PrepareAsync(RegionId.Parse("eu"));
        await store.CheckReadAsync();
        await store.CheckWriteAsync();
        await using (var upload = await store.BeginUploadAsync("upload"))
        {
            await upload.AppendAsync(blob.Content);
            await upload.CommitAsync(blob.Digest);
        }

        Assert.Single(await store.ListAsync().ToListAsync());
        await store.SetAsideAsync(blob.Digest);
        Assert.Null(await store.FindAsync(blob.Digest));
    }

    private static List<ValidationResult> FaultsOf(AzureStorageOptions options) =>
        [.. options.Validate(new ValidationContext(options))];
}
