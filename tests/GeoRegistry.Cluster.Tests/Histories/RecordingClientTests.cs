using System.Net;
using System.Text;
using GeoRegistry.Cluster.Tests.Load;

namespace GeoRegistry.Cluster.Tests.Histories;

/// <summary>A refusal is believed only where what it says can be.</summary>
public sealed class RecordingClientTests
{
    private const string Repository = "team/app";

    private static readonly ManifestName Tag = new(Repository, "1");
    private static readonly TestImage Image = TestImage.Next(new Random(1), 10), Other = TestImage.Next(new Random(2), 10);
    private static readonly string Layer = Image.Blobs[1].Digest;

    private readonly RunHistory _history = new();

    [Theory]
    [InlineData(false, true)] // What was to be absent is absent.
    [InlineData(true, false)]
    public async Task Create_PreconditionFailed_IsAFaultWhereItHeld(bool isThere, bool isFault)
    {
        var client = Answering(HttpStatusCode.PreconditionFailed, isThere ? Other.Digest : null);
        Assert.False(await client.CreateAsync(Tag, Image));
        AssertFault(isFault);
    }

    [Theory]
    [InlineData(true, true)] // The tag is what it was to be.
    [InlineData(false, false)]
    public async Task Move_PreconditionFailed_IsAFaultWhereItHeld(bool isAsExpected, bool isFault)
    {
        var client = Answering(HttpStatusCode.PreconditionFailed, isAsExpected ? Other.Digest : Image.Digest);
        Assert.False(await client.MoveAsync(Tag, Other.Digest, Image));
        AssertFault(isFault);
    }

    [Theory]
    [InlineData(false, false, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    public async Task Push_BlobIsUnknown_IsAFaultWhereNobodyDeletedItAndAllIsInReach(bool isDeleted, bool mayLack, bool isFault)
    {
        var client = Answering(HttpStatusCode.NotFound, Layer, mayLack);
        if (isDeleted) await client.DeleteBlobAsync(Repository, Layer);
        Assert.False(await client.PushAsync(Tag, Image));
        AssertFault(isFault);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, true)]
    [InlineData(HttpStatusCode.Forbidden, false)] // By a policy.
    [InlineData(HttpStatusCode.TooManyRequests, false)]
    [InlineData(HttpStatusCode.ServiceUnavailable, false)]
    public async Task Push_AnsweredWithoutAReason_IsAFaultWhereItIsRefused(HttpStatusCode status, bool isFault)
    {
        Assert.False(await Answering(status, null).PushAsync(Tag, Image));
        AssertFault(isFault);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, true)]
    [InlineData(HttpStatusCode.Forbidden, false)]
    [InlineData(HttpStatusCode.InsufficientStorage, false)]
    public async Task Upload_IsRefused_IsAFaultWhereNothingStandsAgainstIt(HttpStatusCode status, bool isFault)
    {
        var client = Client(request => request.Method == HttpMethod.Head ? Answer(HttpStatusCode.NotFound, null) : Answer(status, null));
        Assert.False(await client.TryPushContentAsync(Tag, Image));
        AssertFault(isFault);
    }

    private void AssertFault(bool isFault) => Assert.Equal(
        isFault,
        _history.FindFaults(new Dictionary<ManifestName, NameVersions>())
            .Any(fault => fault.Contains("refused", StringComparison.Ordinal)));

    /// <summary>A client of a region that has all blobs, and answers every write like this.</summary>
    private RecordingClient Answering(HttpStatusCode status, string? digest, bool mayLack = false) =>
        Client(request => Answer(request.Method == HttpMethod.Head ? HttpStatusCode.OK : status, digest), mayLack);

    private RecordingClient Client(Func<HttpRequestMessage, HttpResponseMessage> answer, bool mayLack = false) => new(
        new RegionClient("eu", new HttpClient(new Handler(answer)) { BaseAddress = new Uri("http://eu.example") }),
        _history,
        (_, _) => mayLack);

    private static HttpResponseMessage Answer(HttpStatusCode status, string? digest)
    {
        var detail = digest is null ? "{}" : $$"""{"digest":"{{digest}}"}""";
        var body = $$"""{"errors":[{"code":"DENIED","message":"","detail":{{detail}}}]}""";
        return new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
    }

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = answer(request);
            response.RequestMessage = request;
            return Task.FromResult(response);
        }
    }
}
