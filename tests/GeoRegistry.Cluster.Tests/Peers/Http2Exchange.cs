using System.Globalization;
using System.Text;

namespace GeoRegistry.Cluster.Tests.Peers;

/// <summary>One request on an <see cref="Http2Connection"/>, and the frames that answer it.</summary>
internal sealed class Http2Exchange(Http2Connection connection, int stream)
{
    private readonly TaskCompletionSource _body = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// The request's header block. Clients of .NET send what differs from the static table as it is, so names and values
    /// can be read in it.
    /// </summary>
    public string Head { get; set; } = "";

    /// <summary>Ends when the request has arrived whole.</summary>
    public Task Body => _body.Task;

    public void BodyEnded() => _body.TrySetResult();

    public Task SendHeadAsync(int status, bool ends = false, params (string Name, string Value)[] headers) => connection.SendAsync(
        Http2Connection.FrameType.Headers,
        (byte)(Http2Connection.Flag.EndHeaders | (ends ? Http2Connection.Flag.EndStream : 0)),
        stream,
        Encode(status, headers));

    /// <summary>Sends a frame that promises the whole head and has the first bytes of it only.</summary>
    public Task SendHalfAHeadAsync()
    {
        var block = Encode(200, [("content-type", "application/json")]);
        byte[] half =
        [
            0, 0, (byte)block.Length, (byte)Http2Connection.FrameType.Headers, Http2Connection.Flag.EndHeaders,
            0, 0, 0, (byte)stream, .. block[..5],
        ];
        return connection.SendAsync(half);
    }

    /// <summary>Sends a head that no HPACK decoder understands.</summary>
    public Task SendGarbledHeadAsync() =>
        connection.SendAsync(Http2Connection.FrameType.Headers, Http2Connection.Flag.EndHeaders, stream, [0x80, 0xff, 0xff, 0xff, 0xff]);

    /// <summary>Sends bytes that are no frame.</summary>
    public Task SendGarbageAsync() => connection.SendAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8.ToArray());

    public Task SendBodyAsync(byte[] bytes, bool ends = false) =>
        connection.SendAsync(Http2Connection.FrameType.Data, ends ? Http2Connection.Flag.EndStream : (byte)0, stream, bytes);

    /// <summary>Ends the stream with INTERNAL_ERROR; the connection goes on.</summary>
    public Task ResetAsync() => connection.SendAsync(Http2Connection.FrameType.Reset, 0, stream, [0, 0, 0, 2]);

    /// <summary>Says that no stream was taken up, this one neither.</summary>
    public Task GoAwayAsync() => connection.SendAsync(Http2Connection.FrameType.GoAway, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    public void Close() => connection.Close();

    // Literals without indexing, RFC 7541 §6.2.2; names and values are shorter than 127 bytes.
    private static byte[] Encode(int status, IEnumerable<(string Name, string Value)> headers)
    {
        List<byte> block = [];
        foreach (var (name, value) in headers.Prepend((":status", status.ToString(CultureInfo.InvariantCulture))))
        {
            block.Add(0);
            foreach (var text in new[] { name, value })
            {
                block.Add((byte)text.Length);
                block.AddRange(Encoding.Latin1.GetBytes(text));
            }
        }

        return [.. block];
    }
}
