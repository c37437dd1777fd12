using System.CommandLine;
using System.CommandLine.Parsing;
using GeoRegistry.Cli.Api;
using GeoRegistry.Cli.Output;
using Spectre.Console.Rendering;

namespace GeoRegistry.Cli.Repositories;

/// <summary><c>georegistry repo where</c>: which regions have an image, whole or in part.</summary>
internal static class WhereCommand
{
    public static Command Create(ApiCommands api)
    {
        var image = new Argument<ImageName>("NAME:TAG")
        {
            Description = "The image: a repository and a tag, such as team/app:1, or a digest, such as team/app@sha256:…",
            CustomParser = ParseImage,
        };
        var command = new Command(
            "where",
            "Which regions have an image: complete, partial (its manifest, and not yet all blobs), unknown, excluded (by policy), "
                + "unreachable.")
        {
            image,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var (repository, reference) = parsed.GetRequiredValue(image);
            return api.ShowAsync(
                parsed,
                HttpMethod.Get,
                Target.Of($"/api/v1/repositories/{repository}/where", ("reference", reference.ToString())),
                ApiJson.Default.WhereReport,
                report => Render(api, report),
                cancellation);
        });
        return command;
    }

    private static ImageName ParseImage(ArgumentResult argument)
    {
        var image = ImageName.Parse(argument.Tokens.Single().Value, out var fault);
        if (fault is not null) argument.AddError(fault);
        return image;
    }

    private static IRenderable Render(ApiCommands api, WhereReport report)
    {
        if (report.Regions.All(region => region.State == "unknown"))
            api.Console.Say(ImageName.UnknownHint(report.Repository, report.Reference));
        var table = Tables.Of("region", "home", "state", "digest", "blobs", "size");
        foreach (var region in report.Regions)
        {
            table.Add(
                region.Region,
                region.Region == report.Home ? "home" : null,
                region.State,
                region.Digest,
                region.Digest is null ? null : $"{region.BlobsHere}/{region.Blobs}",
                region.Digest is null ? null : $"{Humanize.Size(region.BytesHere)} of {Humanize.Size(region.Bytes)}");
        }

        return table;
    }
}

/// <summary>What <c>GET /api/v1/repositories/{name}/where</c> answers.</summary>
internal sealed record WhereReport(string Repository, string Reference, string Home, IReadOnlyList<RegionHolding> Regions);

/// <summary>What one region has of an image; <paramref name="Digest"/> is null where it has nothing.</summary>
internal sealed record RegionHolding(string Region, string State, string? Digest, long Blobs, long BlobsHere, long Bytes, long BytesHere);
