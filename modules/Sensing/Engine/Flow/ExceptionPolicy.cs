using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Flow;

/// <summary>What is done with a packet or its flow when the engine cannot go on as it should: no memory, no session, a parser that gave up.</summary>
internal enum ExceptionPolicy : byte { Ignore, PassPacket, PassFlow, Bypass, DropPacket, DropFlow, Reject, RejectBoth }

/// <summary>Reads the policies' names and puts them into effect.</summary>
internal static class ExceptionPolicies
{
    /// <summary>Null for "auto" and for what is not known.</summary>
    public static ExceptionPolicy? Parse(string? text) => text?.Trim().ToLowerInvariant() switch
    {
        "ignore" => ExceptionPolicy.Ignore,
        "pass-packet" => ExceptionPolicy.PassPacket,
        "pass-flow" => ExceptionPolicy.PassFlow,
        "bypass" => ExceptionPolicy.Bypass,
        "drop-packet" => ExceptionPolicy.DropPacket,
        "drop-flow" => ExceptionPolicy.DropFlow,
        "reject" => ExceptionPolicy.Reject,
        "rejectboth" => ExceptionPolicy.RejectBoth,
        _ => null,
    };

    public static void Apply(ExceptionPolicy policy, Packet p, Flow? flow, DropReason reason, bool inline)
    {
        switch (policy)
        {
            case ExceptionPolicy.Reject or ExceptionPolicy.RejectBoth:
                p.Drop(reason, policy == ExceptionPolicy.Reject ? PacketAction.Reject : PacketAction.RejectBoth);
                p.Marks |= PacketMarks.NoInspection;
                if (flow != null && inline) Stop(flow);
                break;
            case ExceptionPolicy.DropFlow:
                if (flow != null) Stop(flow);
                p.Drop(reason);
                p.Marks |= PacketMarks.NoInspection;
                break;
            case ExceptionPolicy.DropPacket:
                p.Drop(reason);
                p.Marks |= PacketMarks.NoInspection;
                break;
            case ExceptionPolicy.Bypass or ExceptionPolicy.PassFlow:
                if (flow != null)
                {
                    flow.Passed = true;
                    if (policy == ExceptionPolicy.Bypass) flow.Bypassed = true;
                }
                p.Marks |= PacketMarks.NoInspection;
                break;
            case ExceptionPolicy.PassPacket:
                p.Marks |= PacketMarks.NoInspection;
                break;
        }
    }

    private static void Stop(Flow flow)
    {
        flow.Dropped = true;
        flow.NoPayloadInspection = true;
        if (flow.Tcp != null) flow.Tcp.AppDisabled = true;
    }
}
