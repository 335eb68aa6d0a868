namespace Appliance.Sensing.Engine.Output;

/// <summary>Which records are written and what they hold, as the configuration's eve-log output says. The defaults are those of the stock configuration.</summary>
internal sealed record EveOptions
{
    public bool Enabled { get; init; } = true;
    public bool CommunityId { get; init; }
    public ushort CommunityIdSeed { get; init; }
    public bool Ethernet { get; init; }
    public bool InLine { get; init; }
    public bool ShowNumbers { get; init; } = true;
    public bool PcapFileShown { get; init; }
    public string? Interface { get; init; }
    public string? Replay { get; init; }

    /// <summary>Names of the record types that are on; empty: all that are on by default.</summary>
    public HashSet<string> Types { get; init; } = [];

    // alert
    public bool Alerts { get; init; } = true;
    public bool Payload { get; init; }
    public bool PayloadPrintable { get; init; }
    public bool Packet { get; init; }
    public int PayloadBufferSize { get; init; } = 4096;
    public bool HttpBody { get; init; }
    public bool HttpBodyPrintable { get; init; }
    public bool AppLayerInAlert { get; init; } = true;
    public bool FlowInAlert { get; init; } = true;
    public bool RuleMetadata { get; init; } = true;
    public bool RuleText { get; init; }
    public bool RuleReference { get; init; }
    public bool Verdict { get; init; }
    public bool TaggedPackets { get; init; } = true;
    public XffOptions? Xff { get; init; }

    /// <summary>Flow bits and counters, variables and traffic labels in alert and flow records.</summary>
    public bool Metadata { get; init; } = true;
    public bool MetadataRecords { get; init; }

    // others
    public bool Flows { get; init; } = true;
    public bool Netflow { get; init; }
    public bool Files { get; init; } = true;
    public bool ForceMagic { get; init; }
    public XffOptions? FilesXff { get; init; }
    public bool Stats { get; init; } = true;
    public bool Frames { get; init; }
    public int FramePayloadSize { get; init; } = 4095;
    public bool Drops { get; init; }
    public bool DropAlerts { get; init; }
    public bool DropEveryPacket { get; init; }
    public bool DropVerdict { get; init; }
    public StreamRecordOptions? StreamStates { get; init; }
    public AnomalyOptions Anomaly { get; init; } = new();
}

internal sealed record AnomalyOptions(bool Decode = false, bool Stream = false, bool AppLayer = true)
{
    public static readonly AnomalyOptions Off = new(false, false, false);
}

/// <summary>Which header names the client behind a proxy, which end of its list counts, and whether it takes the address's place.</summary>
internal sealed record XffOptions(string Header, bool Overwrite, bool Reverse);
