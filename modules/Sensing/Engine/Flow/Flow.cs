using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Flow;

internal enum FlowState : byte { New, Established, Closed, Bypassed }

internal enum FlowEnd : byte { Timeout, Forced, Shutdown, Reused }

/// <summary>One conversation. The client is whoever sent the first packet seen.</summary>
internal sealed class Flow
{
    public Flow? Next;
    public uint Hash;
    public long Id;
    public IpAddress Client;
    public IpAddress Server;
    public ushort ClientPort;        // ICMP: type
    public ushort ServerPort;        // ICMP: type of the answer
    public byte Protocol;
    public byte IpVersion;
    public byte IcmpCode;
    public byte AnswerIcmpCode;
    public byte AnswerIcmpType;
    public bool HasIcmpAnswer;
    public ushort Vlan0, Vlan1, Vlan2;
    public byte VlanCount;
    public FlowState State;
    public long StartTime;
    public long LastTime;
    public long PacketsToServer, PacketsToClient, BytesToServer, BytesToClient;
    public bool SeenToClient;
    public bool Alerted;
    public bool Dropped;
    public bool Passed;
    public bool Bypassed;            // counted, and nothing else
    public bool DropLoggedToServer, DropLoggedToClient;
    public MacSet? Macs;
    public bool Silenced;            // a rule wants no records of it
    public bool StoreFilesToServer, StoreFilesToClient;
    public bool Midstream;
    public bool NoPayloadInspection;
    public bool DetectionDoneToServer, DetectionDoneToClient; // address-only rules have been looked at
    public byte MinTtlToServer, MaxTtlToServer, MinTtlToClient, MaxTtlToClient;

    // where the two ends lie among the address sets of the rule set named here
    public object? ClassedBy;
    public int ClientClass, ServerClass;

    public TcpSession? Tcp;
    public readonly AppState App = new();
    public readonly FlowVariables Variables = new();

    /// <summary>Who was taken for the client is the server; <paramref name="p"/> is the packet that tells.</summary>
    public void TurnRound(Packet p)
    {
        (Client, Server) = (Server, Client);
        (ClientPort, ServerPort) = (ServerPort, ClientPort);
        (PacketsToServer, PacketsToClient) = (PacketsToClient, PacketsToServer);
        (BytesToServer, BytesToClient) = (BytesToClient, BytesToServer);
        (MinTtlToServer, MaxTtlToServer, MinTtlToClient, MaxTtlToClient) = (MinTtlToClient, MaxTtlToClient, MinTtlToServer, MaxTtlToServer);
        SeenToClient = PacketsToClient > 0;
        ClassedBy = null;
        p.ToServer = !p.ToServer;
    }

    public void Reset()
    {
        Next = null;
        State = FlowState.New;
        PacketsToServer = PacketsToClient = BytesToServer = BytesToClient = 0;
        DropLoggedToServer = DropLoggedToClient = Bypassed = false;
        Macs = null;
        StoreFilesToServer = StoreFilesToClient = Silenced = false;
        SeenToClient = Alerted = Dropped = Passed = Midstream = NoPayloadInspection = HasIcmpAnswer = false;
        DetectionDoneToServer = DetectionDoneToClient = false;
        Vlan0 = Vlan1 = Vlan2 = 0;
        VlanCount = 0;
        ClassedBy = null;
        Tcp = null;
        App.Reset();
        Variables.Clear();
    }
}
