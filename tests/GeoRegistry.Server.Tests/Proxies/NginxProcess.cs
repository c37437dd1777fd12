using System.Diagnostics;
using System.Net.Sockets;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Proxies;

/// <summary>A real nginx before a server, as its package is set up but for the limit on bodies.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Process _process;

    private NginxProcess(Uri upstream, int port, string buffering)
    {
        Address = new Uri($"http://127.0.0.1:{port}/");
        File.WriteAllText(_folder.Child("nginx.conf"), $$"""
            user root;
            worker_processes 1;
            daemon off;
            pid {{_folder.Child("pid")}};
            error_log stderr;
            events { worker_connections 64; }
            http {
                access_log off;
                client_body_temp_path {{_folder.Child("body")}};
                proxy_temp_path {{_folder.Child("proxy")}};
                fastcgi_temp_path {{_folder.Child("fastcgi")}};
                uwsgi_temp_path {{_folder.Child("uwsgi")}};
                scgi_temp_path {{_folder.Child("scgi")}};
                client_max_body_size 0;
                server {
                    listen 127.0.0.1:{{port}};
                    location / {
                        proxy_pass {{upstream}};
                        proxy_set_header Host $http_host;
                        proxy_request_buffering {{buffering}};
                    }
                }
            }
            """);
        _process = Process.Start("nginx", ["-c", _folder.Child("nginx.conf"), "-p", _folder.Path]);
    }

    public Uri Address { get; }

    public static async Task<NginxProcess> StartAsync(Uri upstream, string buffering)
    {
        var nginx = new NginxProcess(upstream, FreePorts.Take(), buffering);
        await Waiting.UntilAsync("nginx listens", nginx.IsListeningAsync);
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        // Its worker ends with it, if it is asked to: SIGTERM.
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().OrFail("the end of nginx");
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> IsListeningAsync()
    {
        if (_process.HasExited) throw new InvalidOperationException($"nginx ended with {_process.ExitCode}.");
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(Address.Host, Address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
