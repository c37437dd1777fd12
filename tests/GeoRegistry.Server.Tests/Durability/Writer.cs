namespace GeoRegistry.Server.Tests.Durability;

/// <summary>One client that pushes, moves and deletes until the server is gone, and records it all.</summary>
internal sealed class Writer
{
    private readonly int _number;
    private readonly Random _random;
    private readonly Workload _workload;
    private readonly Pusher _pusher;
    private readonly List<(Image Image, List<string> Tags)> _own;

    public Writer(int number, Random random, HttpClient http, Workload workload)
    {
        (_number, _random, _workload) = (number, random, workload);
        _pusher = new Pusher(http, workload, random);
        _own = [.. OwnThatStand()];
    }

    /// <summary>Goes on until a request has no answer.</summary>
    public async Task RunAsync()
    {
        try
        {
            while (true) await NextAsync();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The server was killed; what had no answer stays recorded as in flight.
        }
    }

    private Task NextAsync() => _random.Next(12) switch
    {
        < 3 => PushOwnImageAsync(),
        3 or 4 => PushOwnImageByDigestAsync(),
        5 or 6 => PushSharedImageAsync(),
        7 => _pusher.PushBlobAsync(Pick(Workload.Repositories), Pick(_workload.LooseBlobs)),
        8 => _pusher.DeleteBlobAsync(Pick(Workload.Repositories), Pick(_workload.LooseBlobs), isShared: true),
        9 => DeleteTagAsync(),
        10 => DeleteOwnImageAsync(),
        _ => MoveOwnTagAsync(),
    };

    private async Task PushOwnImageAsync()
    {
        var image = await PushBlobsOfNewImageAsync();
        var tag = _workload.NewName($"w{_number}");
        await _pusher.PutManifestAsync(image, tag, [tag]);
        _own.Add((image, [tag]));
    }

    private async Task PushOwnImageByDigestAsync()
    {
        var image = await PushBlobsOfNewImageAsync();
        var tags = Enumerable.Range(0, _random.Next(1, 5)).Select(_ => _workload.NewName($"w{_number}")).ToList();
        await _pusher.PutManifestAsync(image, $"{image.Digest}", tags);
        _own.Add((image, tags));
    }

    private async Task PushSharedImageAsync()
    {
        var image = Pick(_workload.Shared);
        foreach (var blob in image.Blobs) await _pusher.PushBlobAsync(image.Repository, blob);
        var tag = Pick(Workload.SharedTags);
        if (_random.Next(2) == 0) await _pusher.PutManifestAsync(image, tag, [tag]);
        else await _pusher.PutManifestAsync(image, $"{image.Digest}", [tag, Pick(Workload.SharedTags)]);
    }

    private async Task DeleteTagAsync()
    {
        if (_own.Count == 0 || _random.Next(2) == 0)
        {
            await _pusher.DeleteTagAsync(Pick(Workload.Repositories), Pick(Workload.SharedTags), isShared: true);
            return;
        }

        var (image, tags) = Pick(_own);
        if (tags.Count == 0) return;
        await _pusher.DeleteTagAsync(image.Repository, tags[^1], isShared: false);
        tags.RemoveAt(tags.Count - 1);
    }

    private async Task DeleteOwnImageAsync()
    {
        if (_own.Count == 0) return;
        var (image, tags) = Pick(_own);
        await _pusher.DeleteManifestAsync(image, tags);
        _own.RemoveAll(own => own.Image == image);
        if (_random.Next(2) == 0) await _pusher.DeleteBlobAsync(image.Repository, image.Blobs[0], isShared: false);
    }

    private async Task MoveOwnTagAsync()
    {
        var repository = Pick(Workload.Repositories);
        var candidates = _own.Where(own => own.Image.Repository == repository).ToList();
        if (candidates.Count < 2) return;
        var (from, to) = (Pick(candidates), Pick(candidates));
        if (from.Tags.Count == 0 || from.Image == to.Image) return;
        var tag = from.Tags[0];
        await _pusher.PutManifestAsync(to.Image, tag, [tag]);
        from.Tags.RemoveAt(0);
        to.Tags.Add(tag);
    }

    private async Task<Image> PushBlobsOfNewImageAsync()
    {
        var blobs = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => _workload.NewBlob(_random)).ToList();
        var image = Image.Of(Pick(Workload.Repositories), _number, _workload.NewName($"image of {_number}"), blobs);
        _workload.Remember(image);
        foreach (var blob in blobs) await _pusher.PushBlobAsync(image.Repository, blob);
        return image;
    }

    private IEnumerable<(Image, List<string>)> OwnThatStand()
    {
        var history = _workload.History;
        var tags = history.Registers
            .Where(register => register.Kind == RegisterKind.Tag)
            .ToLookup(register => (register.Repository, history.Settled(register)));
        return from image in _workload.Images.Values
               where image.Owner == _number && history.Settled(
                   new Register(image.Repository, RegisterKind.Manifest, $"{image.Digest}")) is not null
               select (image, tags[(image.Repository, $"{image.Digest}")].Select(register => register.Name).ToList());
    }

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];
}
