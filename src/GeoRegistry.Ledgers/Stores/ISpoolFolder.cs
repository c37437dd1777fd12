namespace GeoRegistry.Ledgers.Stores;

/// <summary>Where what is too large for memory is kept while it passes through. Nothing in it outlives the process.</summary>
public interface ISpoolFolder
{
    /// <summary>Makes an empty file, which goes when it is disposed of.</summary>
    ISpoolFile Create();
}
