using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect.Groups;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>Rules on frames: each frame is shown to the rules of its type once it is whole; a long one in pieces, as they come.</summary>
internal sealed partial class Detector
{
    private void InspectFrames(Packet p, Flow.Flow flow, FlowFrames frames, int direction)
    {
        FrameList list = frames.Of(direction == 0);
        if (list.Count == 0) return;
        AppProto protocol = flow.App.Protocol == AppProto.Unknown ? flow.App.Original : flow.App.Protocol;
        FrameGroup?[]? groups = _rules.Frames![direction][(int)protocol];
        if (groups == null) return;
        var view = new FrameView(p, flow, _reassembly);
        foreach (ref AppFrame frame in list.Items)
        {
            if (groups[(int)frame.Type] is not { } group || !view.IsReady(frame)) continue;
            long at = frame.Start + Math.Max(0, frame.Inspected - FrameView.Window);
            bool complete = view.IsComplete(frame);
            while (view.TryPiece(frame, ref at, out ReadOnlySpan<byte> bytes))
                InspectPiece(group, p, flow, frame, bytes, at - bytes.Length - frame.Start, complete && at - frame.Start >= view.Seen(frame));
        }
    }

    /// <summary>Around holes a frame comes in several pieces; a rule is told once a packet.</summary>
    private bool AlertedFor(Rule rule, in AppFrame frame)
    {
        for (int i = _alertCount - 1; i >= 0 && _alerts[i].Frame.Id == frame.Id; i--)
            if (_alerts[i].Rule == rule) return true;
        return false;
    }

    private void InspectPiece(FrameGroup group, Packet p, Flow.Flow flow, in AppFrame frame, ReadOnlySpan<byte> bytes, long offset, bool last)
    {
        _candidateCount = 0;
        NextStamp();
        foreach (BufferEngine engine in group.Engines)
            Search(engine, engine.Transforms.Count > 0 ? _transformer.Apply(engine.Transforms, bytes) : bytes);
        foreach (int rule in group.Plain) Candidate(rule);
        SortCandidates();
        for (int i = 0; i < _candidateCount; i++)
        {
            Rule rule = _rules.Rules[_candidates[i]];
            if (AlertedFor(rule, frame) || !HeaderFits(rule, p, flow) || !PacketTestsFit(rule, p, flow) || !StepsHold(rule, p, flow)) continue;
            _counters.Evaluations++;
            _inspector.Transaction = null;
            _inspector.Captured.Clear();
            _inspector.AtEnd = last;
            bool fits = true;
            foreach (Part part in rule.Parts)
            {
                if (part.Frame != frame.Type) continue;
                _inspector.StreamOffset = part.Transforms.Count > 0 ? 0 : offset;
                fits = _inspector.Matches(part.Compiled, part.Transforms.Count > 0 ? _transformer.Apply(part.Transforms, bytes) : bytes);
                if (!fits) break;
            }
            _inspector.StreamOffset = 0;
            if (!fits) continue;
            int before = _alertCount;
            Match(rule, p, flow, null, false);
            if (_alertCount > before) _alerts[before].Frame = frame;
        }
    }
}
