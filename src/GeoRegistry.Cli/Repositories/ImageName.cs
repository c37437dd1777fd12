using GeoRegistry.Protocol;

namespace GeoRegistry.Cli.Repositories;

/// <summary>An image as it is named on the command line: a repository, and a tag or digest. Nothing is guessed.</summary>
internal readonly record struct ImageName(RepositoryName Repository, Reference Reference)
{
    private const string Form = "give a repository and a tag, such as team/app:1, or a digest, such as team/app@sha256:…";

    /// <summary>Reads an image's name.</summary>
    /// <param name="text">The text.</param>
    /// <param name="fault">What is wrong with it, with the remedy; null where the result can be used.</param>
    public static ImageName Parse(string text, out string? fault)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var split = at >= 0 ? at : text.LastIndexOf(':');
        var name = split < 0 ? text : text[..split];
        if (name.Contains(':', StringComparison.Ordinal) || text.LastIndexOf('/') > split && split >= 0 && at < 0)
        {
            fault = $"'{text}' names a registry, which --server does: {Form}.";
            return default;
        }

        Reference reference = default;
        var valid = RepositoryName.TryParse(name, out var repository) && split >= 0
            && Reference.TryParse(text[(split + 1)..], out reference) && reference.IsDigest == at >= 0;
        fault = valid ? null : $"'{text}' is not an image: {Form}.";
        return new ImageName(repository, reference);
    }

    /// <summary>What to say of an image that no region knows.</summary>
    public static string UnknownHint(string repository, string reference)
    {
        var first = repository.Split('/')[0];
        return first.Contains('.', StringComparison.Ordinal)
            ? $"No region knows {reference} in {repository}. If '{first}' is a registry's address, leave it out: "
                + "--server names the registry."
            : $"No region knows {reference} in {repository}.";
    }
}
