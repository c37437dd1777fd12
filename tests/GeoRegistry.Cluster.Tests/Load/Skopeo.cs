using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using GeoRegistry.Protocol.Manifests;
using GeoRegistry.TestKit;

namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>Copies images with skopeo, to have a client among the load that nobody here has written.</summary>
internal sealed class Skopeo : IDisposable
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();

    public Skopeo() => File.WriteAllText(PolicyFile, """{"default":[{"type":"insecureAcceptAnything"}]}""");

    private string PolicyFile => _folder.Child("policy.json");

    /// <summary>Makes an image layout with layers of random files.</summary>
    /// <returns>What skopeo calls it, and the digest of its manifest.</returns>
    public async Task<(string Reference, string Digest)> MakeImageAsync(Random random, params IReadOnlyList<int> layerSizesBytes)
    {
        var folder = Directory.CreateDirectory(_folder.Child($"image-{Guid.NewGuid():n}")).FullName;
        List<(string DiffId, Blob Blob)> layers = [];
        foreach (var size in layerSizesBytes) layers.Add(await MakeLayerAsync(random, size));
        var config = new Blob(JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = "amd64",
            os = "linux",
            rootfs = new { type = "layers", diff_ids = layers.Select(layer => layer.DiffId) },
        }));
        var manifest = new Blob(JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = MediaTypes.OciImageManifest,
            config = Descriptor("application/vnd.oci.image.config.v1+json", config),
            layers = layers.Select(layer => Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer.Blob)),
        }));
        var blobs = Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256")).FullName;
        foreach (var blob in layers.Select(layer => layer.Blob).Append(config).Append(manifest))
            await File.WriteAllBytesAsync(Path.Combine(blobs, blob.Digest.Split(':')[1]), blob.Bytes);
        await File.WriteAllTextAsync(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        await File.WriteAllBytesAsync(Path.Combine(folder, "index.json"), JsonSerializer.SerializeToUtf8Bytes(
            new { schemaVersion = 2, manifests = new[] { Descriptor(MediaTypes.OciImageManifest, manifest) } }));
        return ($"oci:{folder}", manifest.Digest);
    }

    /// <summary>Pushes what <see cref="MakeImageAsync"/> made.</summary>
    public Task<bool> TryPushAsync(string image, Uri registry, string repository, string tag) =>
        TryRunAsync("copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", image,
            $"docker://{registry.Authority}/{repository}:{tag}");

    /// <summary>Pulls an image into a new folder; skopeo verifies every digest.</summary>
    public async Task<bool> TryPullAsync(Uri registry, string repository, string reference)
    {
        var folder = _folder.Child($"pulled-{Guid.NewGuid():n}");
        var separator = reference.Contains(':') ? '@' : ':';
        var pulled = await TryRunAsync("copy", "--quiet", "--src-tls-verify=false",
            $"docker://{registry.Authority}/{repository}{separator}{reference}", $"dir:{folder}");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        return pulled;
    }


    public string LastError { get; private set; } = "";

    public void Dispose() => _folder.Dispose();

    private async Task<bool> TryRunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("skopeo", ["--policy", PolicyFile, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        // Its cache of where blobs were seen is the user's own.
        (start.Environment["HOME"], start.Environment["XDG_RUNTIME_DIR"]) = (_folder.Path, _folder.Path);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(CommandTimeout);
        }
        catch (TimeoutException)
        {
            process.Kill();
        }

        var text = $"skopeo {string.Join(' ', arguments)}: {await errors}{await output}";
        if (process.ExitCode != 0) LastError = text;
        return process.ExitCode == 0;
    }

    private static async Task<(string DiffId, Blob Blob)> MakeLayerAsync(Random random, int sizeBytes)
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            using var content = new MemoryStream(Blob.Next(random, sizeBytes).Bytes);
            await writer.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, "content") { DataStream = content });
        }

        using var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true)) await gzip.WriteAsync(tar.ToArray());
        return ($"sha256:{Convert.ToHexStringLower(SHA256.HashData(tar.ToArray()))}", new Blob(zipped.ToArray()));
    }

    private static object Descriptor(string mediaType, Blob blob) => new { mediaType, digest = blob.Digest, size = blob.Bytes.Length };
}
