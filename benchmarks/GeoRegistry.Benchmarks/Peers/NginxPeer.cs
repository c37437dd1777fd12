using System.Net;
using GeoRegistry.Benchmarks.Content;
using GeoRegistry.Benchmarks.Measuring;

namespace GeoRegistry.Benchmarks.Peers;

/// <summary>nginx with static files of the same bytes under the same paths: what the machine can do at best.</summary>
internal sealed class NginxPeer(string folder, bool reusePort) : IPeer
{
    private ServerProcess? _process;
    private IPEndPoint? _address;

    public string Name => "nginx";

    public bool TakesPushes => false;

    public IPEndPoint Address => _address ?? throw new InvalidOperationException("nginx does not run.");

    public IReadOnlyList<int> ProcessIds => _process is { } process ? ProcessUsage.WithChildren(process.Id) : [];

    public TimeSpan Start()
    {
        Stop();
        _address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort());
        Write(["v2", "index.html"], "{}"u8);
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, Configuration());
        _process = new ServerProcess("nginx", ["-c", file, "-p", folder, "-e", Path.Combine(folder, "error.log")]);
        return _process.WaitUntilReady(() => _address, "/v2/");
    }

    public void Stop() => Interlocked.Exchange(ref _process, null)?.Dispose();

    public void Dispose() => Stop();

    public void SeedImage(string repository, string tag, Image image)
    {
        SeedBlob(repository, image.Config);
        foreach (var layer in image.Layers) SeedBlob(repository, layer);
        SeedTags(repository, image, [tag, image.Manifest.Digest]);
    }

    public void SeedBlob(string repository, Blob blob) => Write(["v2", repository, "blobs", blob.Digest], blob.Content);

    public void SeedTags(string repository, Image image, IReadOnlyList<string> tags)
    {
        foreach (var tag in tags) Write(["v2", repository, "manifests", tag], image.Manifest.Content);
    }

    private void Write(string[] path, ReadOnlySpan<byte> content)
    {
        var file = Path.Combine([folder, "www", .. path]);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }

    private string Configuration() => $$"""
        {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
        worker_processes auto;
        daemon off;
        pid nginx.pid;
        error_log error.log;
        events {
            worker_connections 1024;
        }
        http {
            access_log off;
            sendfile on;
            tcp_nopush on;
            # Else a connection ends after 1,000 requests, which is no part of what is compared.
            keepalive_requests 1000000000;
            default_type {{Image.MediaType}};
            client_body_temp_path temp;
            proxy_temp_path temp;
            fastcgi_temp_path temp;
            uwsgi_temp_path temp;
            scgi_temp_path temp;
            server {
                listen {{_address}}{{(reusePort ? " reuseport" : "")}};
                root www;
            }
        }

        """;
}
