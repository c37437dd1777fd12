using System.Collections.Concurrent;

namespace GeoRegistry.Storage.Files;

/// <summary>Who held each upload of a folder last. One process has the folder, so its memory is enough.</summary>
internal sealed class UploadHolders
{
    private readonly ConcurrentDictionary<string, FileBlobUpload> _last = new();

    /// <summary>Makes an upload's holder known.</summary>
    /// <returns>Who held it before; null where this process does not know of one.</returns>
    public FileBlobUpload? Replace(string key, FileBlobUpload holder)
    {
        while (true)
        {
            var isKnown = _last.TryGetValue(key, out var earlier);
            if (isKnown ? _last.TryUpdate(key, holder, earlier!) : _last.TryAdd(key, holder)) return earlier;
        }
    }

    /// <summary>Forgets an upload that has ended, if nobody else has taken it over.</summary>
    public void Forget(string key, FileBlobUpload holder) => _last.TryRemove(KeyValuePair.Create(key, holder));
}
