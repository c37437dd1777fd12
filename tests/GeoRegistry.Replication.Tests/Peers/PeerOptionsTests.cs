using System.ComponentModel.DataAnnotations;
using GeoRegistry.Replication.Peers;
using GeoRegistry.TestKit;
using static GeoRegistry.Replication.Tests.TestTopology;

namespace GeoRegistry.Replication.Tests.Peers;

public sealed class PeerOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PeerOptions _options = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Validate_Defaults_AreRight() => Assert.Empty(Faults());

    [Theory]
    [InlineData("0.0.0.0:6000")]
    [InlineData("ftp://a:1")]
    [InlineData("http://a:1/x")]
    [InlineData("http://a:1/?x")]
    public void Validate_ListenThatIsNoAddress_IsTold(string listen)
    {
        _options.Listen = listen;

        Assert.Equal([$"'{listen}' is not an address to listen on: use a form such as https://0.0.0.0:6000."], Faults());
    }

    [Theory]
    [InlineData("us")]
    [InlineData("us=")]
    [InlineData("US=http://a:1")]
    [InlineData("us=a:1")]
    public void Validate_EntryOfAddressesThatIsNone_IsTold(string entry)
    {
        _options.Addresses = $"ap=http://b:2;{entry};";

        Assert.Equal([$"'{entry}' is not a region and its address: use a form such as us=https://10.0.0.1:6000."], Faults());
    }

    [Fact]
    public void Validate_RegionTwiceInAddresses_IsTold()
    {
        _options.Addresses = "us=http://a:1; us=http://b:2";

        Assert.Equal(["us is listed twice in the addresses: keep one."], Faults());
    }

    [Fact]
    public void AddressOf_Addresses_AreThoseWritten()
    {
        _options.Addresses = " us = https://10.0.0.1:6000 ;ap=http://b:2;";

        Assert.Empty(Faults());
        Assert.Equal(new Uri("https://10.0.0.1:6000"), _options.AddressOf[Us]);
        Assert.Equal(new Uri("http://b:2"), _options.AddressOf[Ap]);
    }

    [Fact]
    public void Validate_FilesThatAreNotThere_AreToldAllAtOnce()
    {
        (_options.Listen, _options.KeyFile, _options.Authority) = ("x", _folder.Child("key"), _folder.Child("ca"));

        Assert.Equal(
            [
                "'x' is not an address to listen on: use a form such as https://0.0.0.0:6000.",
                $"there is no file '{_options.KeyFile}'.",
                $"there is no file '{_options.Authority}'.",
            ],
            Faults());
    }

    [Fact]
    public void Validate_ShortKey_IsToldWithTheRemedy()
    {
        Key(new string('x', 31) + "\n");

        Assert.Equal([$"the key in '{_options.KeyFile}' has fewer than 32 characters: make one with 'openssl rand -hex 32'."], Faults());
    }

    /// <summary>It goes into a header.</summary>
    [Theory]
    [InlineData("first line of the key, long enough\nand a second")]
    [InlineData("a key with the letter ö in it, long enough too")]
    public void Validate_KeyThatNoHeaderCarries_IsTold(string key)
    {
        Key(key);

        Assert.Equal(
            [$"the key in '{_options.KeyFile}' has characters other than printable ASCII: make one with 'openssl rand -hex 32'."],
            Faults());
    }

    [Fact]
    public void ReadKey_LineEndBehindIt_IsCutOff()
    {
        Key(new string('x', 32) + "\r\n");

        Assert.Empty(Faults());
        Assert.Equal(new string('x', 32), _options.ReadKey());
    }

    private void Key(string text) => File.WriteAllText(_options.KeyFile = _folder.Child("key"), text);

    private IEnumerable<string?> Faults() => _options.Validate(new ValidationContext(_options)).Select(fault => fault.ErrorMessage);
}
