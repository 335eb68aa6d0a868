namespace Appliance.Uplink;

/// <summary>Settings of the section <c>uplink</c>.</summary>
internal sealed class UplinkOptions
{
    /// <summary>What this node is: a national team's box or a centre that several of them share with.</summary>
    public NodeRole Role { get; set; } = NodeRole.National;

    /// <summary>The name peers see as the author of what we share.</summary>
    public string NodeName { get; set; } = "CIRT";

    /// <summary>The address peers reach us under, for absolute links in discovery; empty: as the request came in.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Seconds between two pulls from a peer that answered.</summary>
    public int PullSeconds { get; set; } = 60;

    /// <summary>Objects asked for, and at most given, per page.</summary>
    public int PageObjects { get; set; } = 200;

    /// <summary>Largest body that a peer may post or answer, in MiB.</summary>
    public int MaxBodyMiB { get; set; } = 16;

    /// <summary>Largest single object taken, in KiB.</summary>
    public int MaxObjectKiB { get; set; } = 1024;

    /// <summary>Deepest nesting of JSON taken.</summary>
    public int MaxJsonDepth { get; set; } = 32;

    /// <summary>Seconds that one request to a peer may take.</summary>
    public int RequestSeconds { get; set; } = 30;

    /// <summary>When a peer is told that its object was taken.</summary>
    public AcknowledgePolicy Acknowledge { get; set; } = AcknowledgePolicy.OnReceipt;

    /// <summary>Which shares need two people.</summary>
    public FourEyesPolicy FourEyes { get; set; } = FourEyesPolicy.AmberStrict;

    /// <summary>Minutes without contact after which a peer counts as silent.</summary>
    public int SilentMinutes { get; set; } = 60;

    /// <summary>Everything that is wrong with the values, for the start of the host.</summary>
    public static IEnumerable<string> Faults(UplinkOptions o)
    {
        foreach (var (name, value, low, high) in new[]
        {
            ("pullSeconds", o.PullSeconds, 1, 86_400), ("pageObjects", o.PageObjects, 1, 1000), ("maxBodyMiB", o.MaxBodyMiB, 1, 256),
            ("maxObjectKiB", o.MaxObjectKiB, 1, 65_536), ("maxJsonDepth", o.MaxJsonDepth, 8, 64), ("requestSeconds", o.RequestSeconds, 1, 300), ("silentMinutes", o.SilentMinutes, 1, 10_080),
        })
        {
            if (value < low || value > high)
                yield return $"uplink:{name} is {value}. Choose a number from {low} to {high}.";
        }
        if (string.IsNullOrWhiteSpace(o.NodeName) || o.NodeName.Length > 200)
            yield return "uplink:nodeName is empty or longer than 200 characters. Write the name that peers know this node by.";
        if (o.PublicUrl.Length > 0 && !(Uri.TryCreate(o.PublicUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            yield return $"uplink:publicUrl is '{o.PublicUrl}'. Write an absolute http or https address, or leave it empty.";
    }
}

/// <summary>The two roles of one binary.</summary>
internal enum NodeRole
{
    /// <summary>A national team.</summary>
    National,

    /// <summary>A regional or global centre.</summary>
    Hub,
}

/// <summary>When a received object is acknowledged to its sender.</summary>
internal enum AcknowledgePolicy
{
    /// <summary>As soon as it lies in quarantine.</summary>
    OnReceipt,

    /// <summary>When a person accepted it.</summary>
    OnAcceptance,

    /// <summary>Not at all.</summary>
    Never,
}

/// <summary>Which shares need a second person.</summary>
internal enum FourEyesPolicy
{
    /// <summary>TLP:AMBER+STRICT and above.</summary>
    AmberStrict,

    /// <summary>All.</summary>
    Always,
}
