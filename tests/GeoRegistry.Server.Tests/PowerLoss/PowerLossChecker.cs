using System.Security.Cryptography;
using GeoRegistry.Ledgers;
using GeoRegistry.Protocol;
using GeoRegistry.Storage.Sqlite;
using GeoRegistry.TestKit;
using Xunit.Sdk;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>Follows the traces of servers and asks at every moment that matters: if power failed now, would all be as promised?</summary>
/// <remarks>
/// <list type="bullet">
/// <item>At every acknowledgement: all that was acknowledged until then is on disk for certain.</item>
/// <item>At every rename: a name of a blob, which may be on disk at any time, has bytes that are on disk for certain.</item>
/// <item>At every sync: a link to a blob that is on disk has its blob on disk.</item>
/// </list>
/// </remarks>
/// <param name="disk">The disk that the servers write to.</param>
/// <param name="data">The servers' data folder, as a path below the disk's root.</param>
internal sealed class PowerLossChecker(RecordedDisk disk, string data)
{
    private readonly ExchangeReader _exchanges = new();

    public RecordedDisk Disk => disk;

    public Promises Promises { get; } = new();

    /// <summary>How many moments were checked.</summary>
    public int Checked { get; private set; }

    public async Task FollowAsync(IEnumerable<TraceStep> steps)
    {
        foreach (var step in steps) await FollowAsync(step);
    }

    private async Task FollowAsync(TraceStep step)
    {
        var path = disk.Apply(step);
        if (path is not null && BlobAt(path) is { } digest) AssertNamedWhole(path, digest, step);
        if (path is not null && step.Call.Name is "fsync" or "fdatasync") await AtAsync($"at {step.Call}", AssertLinksAsync);
        if (_exchanges.Apply(step) is not { } exchange || !Promises.Take(exchange)) return;
        await AtAsync($"at the answer {exchange}", (tables, image) => Promises.AssertKeptAsync(tables, blob => HasWhole(image, blob)));
    }

    // Whoever writes to a blob's file, or gives the name to one that is not on disk, may be left with half a blob.
    private void AssertNamedWhole(string path, Digest digest, TraceStep step)
    {
        if (disk.FindFile(path) is not { } file) return;
        if (!IsWhole(digest, file.Durable.Span))
            throw new XunitException(
                $"If power failed at {step.Call}, {digest} could be there with other bytes:"
                + $" only {file.Durable.Length} of {file.Seen.Length} are on disk.");
    }

    private async Task AssertLinksAsync(SqliteMetadataStore tables, DiskImage image)
    {
        var uploads = _exchanges.Requests
            .Where(request => request.Method is "POST" or "PUT")
            .Select(request => RegistryTarget.Parse(request.Target));
        foreach (var target in uploads.Where(target => target is { Resource: "blobs", Digest: not null }).Distinct())
        {
            var digest = target!.Digest!.Value;
            if (await tables.FindBlobAsync(target.Repository, digest) is not null && !HasWhole(image, digest))
                throw new XunitException(
                    $"the repository {target.Repository} would have the blob {digest}, which would be gone or not whole");
        }
    }

    private async Task AtAsync(string moment, Func<SqliteMetadataStore, DiskImage, Task> check)
    {
        Checked++;
        var image = disk.AfterPowerLoss();
        using var folder = new TemporaryFolder();
        image.WriteTo(folder.Path, only: path => !path.StartsWith($"{data}/blobs", StringComparison.Ordinal));
        Directory.CreateDirectory(folder.Child(data));
        try
        {
            await using var store = new SqliteMetadataStore(folder.Child($"{data}/metadata.db"), RegionId.Parse("local"));
            await check(store, image);
        }
        catch (Exception e)
        {
            throw new XunitException($"If power failed {moment}, {e.Message}.", e);
        }
    }

    private bool HasWhole(DiskImage image, Digest digest) =>
        image.Files.TryGetValue($"{data}/blobs/{digest.Algorithm.Name()}/{digest.Hex[..2]}/{digest.Hex}", out var content)
            && IsWhole(digest, content.Span);

    private Digest? BlobAt(string path) =>
        path.StartsWith($"{data}/blobs/", StringComparison.Ordinal)
            && path.Split('/')[^3..] is [("sha256" or "sha512") and var algorithm, _, var hex]
            ? Digest.Parse($"{algorithm}:{hex}")
            : null;

    private static bool IsWhole(Digest digest, ReadOnlySpan<byte> content) =>
        Convert.ToHexStringLower(digest.Algorithm == DigestAlgorithm.Sha256 ? SHA256.HashData(content) : SHA512.HashData(content))
            .AsSpan()
            .SequenceEqual(digest.Hex);
}
