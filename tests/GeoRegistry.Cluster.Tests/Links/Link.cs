namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>What lies between two regions: two directions, and a relay for whichever side dials.</summary>
internal sealed class Link : IDisposable
{
    public Link(LinkQuality quality)
    {
        (There, Back) = (new LinkDirection(quality), new LinkDirection(quality));
        (Dialled, DialledBack) = (new LinkRelay(There, Back), new LinkRelay(Back, There));
    }

    /// <summary>What the first side sends.</summary>
    public LinkDirection There { get; }

    /// <summary>What the second side sends.</summary>
    public LinkDirection Back { get; }

    /// <summary>Where the first side dials the second.</summary>
    public LinkRelay Dialled { get; }

    /// <summary>Where the second side dials the first.</summary>
    public LinkRelay DialledBack { get; }

    public LinkQuality Quality
    {
        get => There.Quality;
        set => There.Quality = Back.Quality = value;
    }

    public bool IsCut { get; private set; }

    public void Cut(CutMode mode = CutMode.Silent)
    {
        IsCut = true;
        There.Cut();
        Back.Cut();
        if (mode != CutMode.Refused) return;
        Dialled.Refuse();
        DialledBack.Refuse();
        ResetConnections();
    }

    /// <summary>What stalled goes on; what was reset may be dialled again.</summary>
    public void Heal()
    {
        Dialled.Listen();
        DialledBack.Listen();
        There.Heal();
        Back.Heal();
        IsCut = false;
    }

    public void ResetConnections()
    {
        Dialled.ResetConnections();
        DialledBack.ResetConnections();
    }

    public void Dispose()
    {
        Dialled.Dispose();
        DialledBack.Dispose();
    }
}
