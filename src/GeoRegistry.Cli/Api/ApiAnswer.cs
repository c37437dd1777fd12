namespace GeoRegistry.Cli.Api;

/// <summary>The result of a request to the API.</summary>
internal abstract record ApiAnswer
{
    private ApiAnswer()
    {
    }

    /// <summary>The JSON that was asked for, as it came.</summary>
    public sealed record Body(byte[] Json) : ApiAnswer;

    /// <summary>Why there is none, as a sentence.</summary>
    public sealed record Fault(string Sentence) : ApiAnswer;
}
