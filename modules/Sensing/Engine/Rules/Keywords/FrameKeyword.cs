using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Frames;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>frame: a sticky buffer that names a kind of frame, with its protocol in front or in the rule's own.</summary>
internal static class FrameKeyword
{
    public static void Frame(RuleBuilder b, string keyword, string? value)
    {
        string name = (value ?? "").Trim();
        if (name.Length == 0) throw new RuleException(keyword, "names no frame");
        AppProto own = b.Rule.Protocol == HeaderProtocol.Application ? b.Rule.Application : AppProto.Unknown;
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        AppProto protocol = dot > 0 ? AppProtoNames.Parse(name[..dot]) : AppProto.Unknown;
        if (protocol is AppProto.Unknown or AppProto.Failed)
        {
            if (own == AppProto.Unknown) throw new RuleException(keyword, $"\"{name}\" is short for a frame of the rule's protocol, but the rule names none");
            protocol = own;
        }
        else
        {
            if (own != AppProto.Unknown && !AppProtoNames.Fits(own, protocol)) throw new RuleException(keyword, $"\"{name}\" is of another protocol than the rule");
            name = name[(dot + 1)..];
        }
        FrameType type = FrameTable.Find(protocol, name);
        if (type == FrameType.None) throw new RuleException(keyword, $"{AppProtoNames.Name(protocol)} has no frame \"{name}\"");
        if (b.Rule.FrameProtocol != AppProto.Unknown && b.Rule.FrameProtocol != protocol) throw new RuleException(keyword, "frames of two protocols in one rule");
        if (b.FramePending) throw new RuleException(keyword, "nothing is looked for in the frame before it");
        b.Rule.FrameProtocol = protocol;
        b.Buffer = BufferId.Frame;
        b.Frame = type;
        b.FramePending = b.BufferFresh = true;
        b.Transforms = [];
        b.LastTerm = null;
        b.Last = null;
    }

    /// <summary>What cannot stand beside frames in a rule: they are looked at by themselves.</summary>
    public static void Check(Rule rule)
    {
        if (rule.FrameProtocol == AppProto.Unknown) return;
        const string keyword = "frame";
        if (!rule.Parts.Exists(p => p.Buffer == BufferId.Frame)) throw new RuleException(keyword, "nothing is looked for in the frame");
        if (rule.Parts.Exists(p => p.Buffer == BufferId.Payload)) throw new RuleException(keyword, "cannot stand beside contents of the payload");
        if (rule.Parts.Exists(p => p.Buffer != BufferId.Frame) || rule.AppEvents.Count > 0 || rule.Tests.Count > 0) throw new RuleException(keyword, "cannot stand beside buffers of the protocol");
        if (rule.PacketTests.Exists(t => RuleValidation.OfHeader(t.Kind))) throw new RuleException(keyword, "cannot stand beside tests of a packet's header");
    }
}
