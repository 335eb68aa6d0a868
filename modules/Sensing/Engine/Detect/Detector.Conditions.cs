using System.Buffers.Binary;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

internal sealed partial class Detector
{
    private bool InSource(AddressSet set) => set.IsAny || _addresses.Contains(_sourceClass, set.Id);

    private bool InDestination(AddressSet set) => set.IsAny || _addresses.Contains(_destinationClass, set.Id);

    /// <summary>Does what was captured under the test's name hold its bytes?</summary>
    private static bool Holds(IReadOnlyList<(int Name, byte[] Value)> texts, PacketTest test)
    {
        for (int i = 0; i < texts.Count; i++)
            if (texts[i].Name == test.Extra && texts[i].Value.AsSpan().IndexOf(test.Bytes) >= 0) return true;
        return false;
    }

    private bool HeaderFits(Rule rule, Packet p, Flow.Flow? flow)
    {
        switch (rule.Protocol)
        {
            case HeaderProtocol.Tcp or HeaderProtocol.TcpPacket or HeaderProtocol.TcpStream:
                if (p.Protocol != 6) return false;
                break;
            case HeaderProtocol.Udp:
                if (p.Protocol != 17) return false;
                break;
            case HeaderProtocol.Icmp:
                if (p.Protocol is not (1 or 58) || rule.ProtocolNumber != 0 && rule.ProtocolNumber != p.Protocol) return false;
                break;
            case HeaderProtocol.Sctp:
                if (p.Protocol != 132) return false;
                break;
            case HeaderProtocol.Ipv4:
                if (p.IpVersion != 4) return false;
                break;
            case HeaderProtocol.Ipv6:
                if (p.IpVersion != 6) return false;
                break;
            case HeaderProtocol.Application:
                if (flow == null || rule.Application == AppProto.Unknown || !AppProtoNames.Fits(rule.Application, flow.App.Spoken)) return false;
                break;
            case HeaderProtocol.Other:
                break;
            default:
                if (p.IpVersion == 0) return false;
                break;
        }
        FlowWish wish = rule.Flow;
        if (flow != null)
        {
            if (p.ToServer ? !rule.WantsToServer : !rule.WantsToClient) return false;
        }
        if (wish != FlowWish.None)
        {
            if ((wish & (FlowWish.ToServer | FlowWish.ToClient | FlowWish.Established)) != 0 && flow == null) return false;
            if ((wish & FlowWish.Established) != 0 && !p.Is(PacketMarks.Established)) return false;
            if ((wish & FlowWish.NotEstablished) != 0 && p.Is(PacketMarks.Established)) return false;
            if ((wish & FlowWish.OnlyFragment) != 0 && !p.Is(PacketMarks.Fragment)) return false;
            if ((wish & FlowWish.NoFragment) != 0 && p.Is(PacketMarks.Fragment)) return false;
        }
        bool forward = PortsFit(rule.SourcePorts, p.SourcePort, p) && PortsFit(rule.DestinationPorts, p.DestinationPort, p) && InSource(rule.Source) && InDestination(rule.Destination);
        if (forward) return true;
        return rule.Bidirectional && PortsFit(rule.DestinationPorts, p.SourcePort, p) && PortsFit(rule.SourcePorts, p.DestinationPort, p)
            && InSource(rule.Destination) && InDestination(rule.Source);
    }

    /// <summary>Does this packet pick up a conversation that is under way? What it speaks counts from the next packet on, but for rules that a pattern in the exchange has led to.</summary>
    private static bool PicksUp(Packet p, Flow.Flow flow) => flow.Midstream && p.Protocol == 6 && p.Source < PacketSource.StreamEnd && !p.Is(PacketMarks.Established);

    private static bool PortsFit(PortSet set, ushort port, Packet p) => set.IsAny || p.HasPorts && set.Contains(port);

    private bool PacketTestsFit(Rule rule, Packet p, Flow.Flow? flow)
    {
        foreach (PacketTest test in rule.PacketTests)
            if (!TestFits(test, p, flow)) return false;
        return true;
    }

    private bool TestFits(PacketTest test, Packet p, Flow.Flow? flow)
    {
        switch (test.Kind)
        {
            case PacketTestKind.TcpFlags:
            {
                if (p.Protocol != 6 || !p.HasPorts) return false;
                int flags = p.TcpFlags & ~test.Extra & 0xff;
                return test.Compare switch
                {
                    Comparison.And => (flags & test.Value) == test.Value,
                    Comparison.Or => (flags & test.Value) != 0,
                    Comparison.NotEqual => (flags & test.Value) != test.Value,
                    _ => flags == test.Value,
                };
            }
            case PacketTestKind.IcmpType: return p.HasIcmp && ContentInspector.Compare(p.IcmpType, test.Compare, test.Value, test.Value2);
            case PacketTestKind.IcmpCode: return p.HasIcmp && ContentInspector.Compare(p.IcmpCode, test.Compare, test.Value, test.Value2);
            case PacketTestKind.IcmpId: return p.HasIcmp && p.IcmpId == test.Value;
            case PacketTestKind.IcmpSequence: return p.HasIcmp && p.IcmpSequence == test.Value;
            case PacketTestKind.DataSize: return p.Source < PacketSource.StreamEnd && p.IpVersion != 0 && ContentInspector.Compare(p.PayloadLength, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Ttl: return p.IpVersion != 0 && ContentInspector.Compare(p.Ttl, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Id: return p.IpVersion == 4 && ContentInspector.Compare(p.IpId, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Tos: return p.IpVersion == 4 && ContentInspector.Compare(p.Tos, test.Compare, test.Value, test.Value2);
            case PacketTestKind.IpProtocol: return p.IpVersion != 0 && ContentInspector.Compare(p.Protocol, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Sequence: return p.Protocol == 6 && p.HasPorts && ContentInspector.Compare(p.Sequence, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Acknowledgement: return p.Protocol == 6 && p.HasPorts && ContentInspector.Compare(p.Acknowledgement, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Window: return p.Protocol == 6 && p.HasPorts && ContentInspector.Compare(p.Window, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Mss: return p.Protocol == 6 && p.Mss > 0 && ContentInspector.Compare(p.Mss, test.Compare, test.Value, test.Value2);
            case PacketTestKind.SameIp: return p.IpVersion != 0 && p.Source_ == p.Destination;
            case PacketTestKind.FragmentBits:
                return p.IpVersion == 4 && test.Compare switch
                {
                    Comparison.And => (p.FragmentBits & test.Value) == test.Value,
                    Comparison.Or => (p.FragmentBits & test.Value) != 0,
                    Comparison.NotEqual => (p.FragmentBits & test.Value) == 0,
                    _ => p.FragmentBits == test.Value,
                };
            case PacketTestKind.FragmentOffset: return p.IpVersion == 4 && ContentInspector.Compare(p.FragmentOffset, test.Compare, test.Value, test.Value2);
            case PacketTestKind.IpOptions: return p.IpVersion == 4 && (p.IpOptions & (ulong)test.Value) != 0;
            case PacketTestKind.DecodeEvent: return p.Events.AsSpan(0, p.EventCount).Contains((ushort)test.Value);
            case PacketTestKind.AppProtocol:
                if (flow == null) return false;
                AppProto protocol = flow.App.Protocol;
                if (protocol == AppProto.Unknown) return false;
                return AppProtoNames.Fits((AppProto)test.Value, protocol) != test.Negated;
            case PacketTestKind.FlowAge:
                return flow != null && ContentInspector.Compare((flow.LastTime - flow.StartTime) / 1_000_000, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Layer3: return p.IpVersion == test.Value;
            case PacketTestKind.IcmpMtu: return p.IcmpMtu >= 0 && ContentInspector.Compare(p.IcmpMtu, test.Compare, test.Value, test.Value2);
            case PacketTestKind.Checksum: return p.IpVersion == test.Extra && ChecksumFits(test, p);
            case PacketTestKind.Rpc: return RpcFits(test, p);
            case PacketTestKind.FlowText: return flow != null && Holds(flow.Variables.Texts, test);
            case PacketTestKind.PacketText: return p.Texts != null && Holds(p.Texts, test);
            case PacketTestKind.Never: return false;
            case PacketTestKind.Reputation:
            {
                if (p.IpVersion == 0) return false;
                int category = (int)test.Value2;
                bool Scored(IpAddress address) => _rules.Reputation.ScoreOf(address, category) is > 0 and int score && ContentInspector.Compare(score, test.Compare, test.Value, 0);
                return test.Extra switch { 1 => Scored(p.Source_), 2 => Scored(p.Destination), 3 => Scored(p.Source_) && Scored(p.Destination), _ => Scored(p.Source_) || Scored(p.Destination) };
            }
            case PacketTestKind.StreamSize:
            {
                if (flow?.Tcp == null) return false;
                long client = (uint)(flow.Tcp.Client.NextSequence - flow.Tcp.Client.Isn), server = (uint)(flow.Tcp.Server.NextSequence - flow.Tcp.Server.Isn);
                bool c = ContentInspector.Compare(client, test.Compare, test.Value, 0), s = ContentInspector.Compare(server, test.Compare, test.Value, 0);
                return test.Extra switch { 0 => s, 1 => c, 2 => c && s, _ => c || s };
            }
            default:
                return false;
        }
    }

    /// <summary>Checksums are judged whether or not streams mind them (-k none).</summary>
    private static bool ChecksumFits(PacketTest test, Packet p)
    {
        // what stands for the end of a flow was never sent
        if (p.Source >= PacketSource.StreamEnd) return false;
        if (p.Is(PacketMarks.ChecksumUnread)) return !test.Negated;
        if (test.Value == -1) return Decoder.HeaderChecksumHolds(p) != test.Negated;
        bool there = test.Value switch { 6 or 17 => p.HasPorts, _ => p.HasIcmp };
        return p.Protocol == test.Value && there && Decoder.TransportChecksumHolds(p) != test.Negated;
    }

    private static bool RpcFits(PacketTest test, Packet p)
    {
        ReadOnlySpan<byte> bytes = p.Payload;
        if (p.Protocol == 6) bytes = bytes.Length >= 4 ? bytes[4..] : default;
        else if (p.Protocol != 17) return false;
        if (bytes.Length < 24 || BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != 0) return false;
        return BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]) == test.Value
            && (test.Value2 < 0 || BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]) == test.Value2) && (test.Extra < 0 || BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]) == test.Extra);
    }

    private bool StepsHold(Rule rule, Packet p, Flow.Flow? flow) => FlowStepsHold(rule, flow) && HostStepsHold(rule, p);

    /// <summary>Asked last: several workers have to wait for each other here.</summary>
    private bool HostStepsHold(Rule rule, Packet p)
    {
        foreach (VariableStep step in rule.Before)
        {
            if (step.Scope is VariableScope.Flow or VariableScope.FlowInt) continue;
            _turns?.Await(step.Scope == VariableScope.Destination ? p.Destination : p.Source_);
            if (_hostBits.IsSet(step, p) != (step.Act == VariableAct.IsSet)) return false;
        }
        return true;
    }

    private static bool FlowStepsHold(Rule rule, Flow.Flow? flow)
    {
        foreach (VariableStep step in rule.Before)
        {
            switch (step.Scope)
            {
                case VariableScope.Flow:
                {
                    if (flow == null) return false;
                    bool set = false;
                    if (step.AnyOf == null) set = flow.Variables.IsSet(step.Name);
                    else
                        foreach (int name in step.AnyOf) set |= flow.Variables.IsSet(name);
                    if (set != (step.Act == VariableAct.IsSet)) return false;
                    break;
                }
                case VariableScope.FlowInt:
                {
                    if (flow == null) return false;
                    bool there = flow.Variables.TryGetInt(step.Name, out uint value);
                    if (step.Act == VariableAct.IsSetInt)
                    {
                        if (!there) return false;
                        break;
                    }
                    if (step.Act == VariableAct.IsNotSetInt)
                    {
                        if (there) return false;
                        break;
                    }
                    uint right = step.Value;
                    if (!there || step.ValueName >= 0 && !flow.Variables.TryGetInt(step.ValueName, out right) || !ContentInspector.Compare(value, step.Compare, right, 0)) return false;
                    break;
                }
            }
        }
        return true;
    }

    private void ApplySteps(Rule rule, Packet p, Flow.Flow? flow)
    {
        foreach (VariableStep step in rule.After)
        {
            if (step.Scope is VariableScope.Source or VariableScope.Destination or VariableScope.Pair)
            {
                _turns?.Await(step.Scope == VariableScope.Destination ? p.Destination : p.Source_);
                if (step.Act == VariableAct.Set || step.Act == VariableAct.Toggle && !_hostBits.IsSet(step, p)) _hostBits.Set(step, p);
                else _hostBits.Unset(step, p);
                continue;
            }
            if (flow == null) continue;
            switch (step.Act)
            {
                case VariableAct.Set: flow.Variables.Set(step.Name); break;
                case VariableAct.Unset: flow.Variables.Unset(step.Name); break;
                case VariableAct.Toggle:
                    if (flow.Variables.IsSet(step.Name)) flow.Variables.Unset(step.Name);
                    else flow.Variables.Set(step.Name);
                    break;
                default:
                {
                    flow.Variables.TryGetInt(step.Name, out uint value);
                    uint right = step.Value;
                    if (step.ValueName >= 0) flow.Variables.TryGetInt(step.ValueName, out right);
                    flow.Variables.SetInt(step.Name, step.Act switch { VariableAct.Add => value + right, VariableAct.Subtract => value - right, _ => right });
                    break;
                }
            }
        }
    }
}
