namespace GeoRegistry.Ledgers.Stores;

/// <summary>One file that something passes through. Disposing it deletes it.</summary>
public interface ISpoolFile : IDisposable
{
    /// <summary>Opens it to be written from its beginning.</summary>
    Stream OpenWrite();

    /// <summary>Opens it to be read from its beginning; any number of times.</summary>
    Stream OpenRead();
}
