using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Detect.Kept;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Groups;

/// <summary>The rules on one type of frame of one protocol in one direction. Immutable once compiled.</summary>
internal sealed class FrameGroup
{
    private readonly List<BufferEngine> _engines = [];
    private readonly List<int> _plain = [];

    /// <summary>Patterns to search for, one engine per way to transform the frame.</summary>
    public BufferEngine[] Engines { get; private set; } = [];

    /// <summary>Rules without a pattern to search for.</summary>
    public int[] Plain { get; private set; } = [];

    public FrameGroup() { }

    /// <summary>As <see cref="Write"/> has put it.</summary>
    public FrameGroup(KeptReader from, IReadOnlyList<BufferEngine> engines, int rules)
    {
        Engines = from.Each(() => from.Place(engines.Count) is >= 0 and var place ? engines[place] : throw new InvalidDataException("an engine is missing"));
        Plain = from.Numbers(rules);
    }

    public void Write(KeptWriter to)
    {
        to.Each(Engines, e => to.Number(e.Number));
        to.Numbers(Plain);
    }

    public void Add(Rule rule, FrameType type, Func<BufferDescriptor, List<Transform>, BufferEngine> make)
    {
        if (rule.FastTerm == null || rule.FastPart!.Frame != type)
        {
            _plain.Add(rule.Index);
            Plain = [.. _plain];
            return;
        }
        List<Transform> transforms = rule.FastPart.Transforms;
        BufferEngine? engine = _engines.Find(e => e.Transforms.SequenceEqual(transforms));
        if (engine == null)
        {
            _engines.Add(engine = make(BufferTable.Of(BufferId.Frame), transforms));
            Engines = [.. _engines];
        }
        engine.Add(rule, rule.FastTerm);
    }

    /// <summary>The rules on frames, [direction][protocol][type], and what parsers are to mark for them; null when no rule asks for frames.</summary>
    public static FrameGroup?[]?[][]? Build(Rule[] rules, int protocols, Func<BufferDescriptor, List<Transform>, BufferEngine> make, out ulong[]? wishes)
    {
        wishes = null;
        if (!Array.Exists(rules, r => r.FrameProtocol != AppProto.Unknown)) return null;
        var groups = new[] { new FrameGroup?[]?[protocols], new FrameGroup?[]?[protocols] };
        wishes = new ulong[protocols];
        foreach (Rule rule in rules)
        {
            if (rule.FrameProtocol == AppProto.Unknown) continue;
            FrameType[] types = rule.FastPart != null ? [rule.FastPart.Frame] : rule.Parts.Select(p => p.Frame).Distinct().ToArray();
            for (int p = 0; p < protocols; p++)
            {
                if ((AppProto)p != rule.FrameProtocol && !(rule.FrameProtocol == AppProto.Http && (AppProto)p is AppProto.Http1 or AppProto.Http2)) continue;
                foreach (Part part in rule.Parts) wishes[p] |= 1UL << (int)part.Frame;
                for (int d = 0; d < 2; d++)
                {
                    if (d == 0 ? !rule.WantsToServer : !rule.WantsToClient) continue;
                    FrameGroup?[] own = groups[d][p] ??= new FrameGroup?[64];
                    foreach (FrameType type in types) (own[(int)type] ??= new FrameGroup()).Add(rule, type, make);
                }
            }
        }
        return groups;
    }
}
