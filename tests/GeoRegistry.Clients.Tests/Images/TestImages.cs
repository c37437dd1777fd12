using System.Security.Cryptography;
using GeoRegistry.Clients.Tests.Tools;
using GeoRegistry.TestKit;

namespace GeoRegistry.Clients.Tests.Images;

// Real images, made once by Images/make-images and kept under artifacts/, which git ignores. The recipe's text is the
// key: the first run on a machine takes about a minute for them, the next ones nothing.
internal sealed record TestImages(OciLayout Debian, OciLayout Large, OciLayout MultiArch)
{
    private static readonly TimeSpan MakeTimeout = TimeSpan.FromMinutes(8);
    private static readonly Lazy<Task<TestImages>> Made = new(MakeAsync);

    public static Task<TestImages> GetAsync() => Made.Value;

    private static async Task<TestImages> MakeAsync()
    {
        var recipe = Path.Combine(AppContext.BaseDirectory, "Images", "make-images");
        var key = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(recipe)))[..16];
        var cache = Directory.CreateDirectory(Path.Combine(SourceTree.Root, "artifacts", "client-images"));
        var folder = Path.Combine(cache.FullName, key);
        if (!Directory.Exists(folder)) await MakeAsync(recipe, folder);
        foreach (var old in cache.GetDirectories().Where(old => old.Name != key)) old.Delete(recursive: true);
        return new(Open("debian"), Open("large"), Open("multi"));

        OciLayout Open(string name) => new(Path.Combine(folder, name));
    }

    // Made beside its place and renamed into it, so that a run that was stopped leaves nothing that looks whole.
    private static async Task MakeAsync(string recipe, string folder)
    {
        var unfinished = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}");
        using var home = new ClientHome(() => "(none yet)");
        await home.Start("bash", recipe, unfinished.FullName).SucceedAsync(MakeTimeout);
        unfinished.MoveTo(folder);
    }
}
