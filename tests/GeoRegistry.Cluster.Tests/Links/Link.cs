using System.Net;

namespace GeoRegistry.Cluster.Tests.Links;

/// <summary>What lies between two regions: two directions, and a relay for whichever side dials.</summary>
internal sealed class Link : IDisposable
{
    /// <summary>A link in the machine's own network.</summary>
    public Link(LinkQuality quality)
        : this(quality, IPAddress.Loopback, IPAddress.Loopback)
    {
    }

    /// <summary>A link between sides that have networks of their own.</summary>
    /// <param name="quality">What it is like.</param>
    /// <param name="near">An address of this process that the first side reaches.</param>
    /// <param name="far">One that the second side reaches.</param>
    public Link(LinkQuality quality, IPAddress near, IPAddress far)
    {
        (There, Back) = (new LinkDirection(quality), new LinkDirection(quality));
        (Dialled, DialledBack) = (new LinkRelay(There, Back, near), new LinkRelay(Back, There, far));
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
