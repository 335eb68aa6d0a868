using System.Text;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;

namespace Appliance.Sensing.Engine.Output;

/// <summary>What rules remember, told in records: flow bits, counters, captured texts, and labels of traffic.</summary>
internal sealed partial class EveRecords
{
    private const string TrafficId = "flow:traffic/id/", TrafficLabel = "flow:traffic/label/";

    /// <summary>A packet that a tag asks for.</summary>
    public void Tagged(Packet p, Flow.Flow? flow)
    {
        if (!options.Enabled || !options.TaggedPackets || !options.Alerts) return;
        Header(p, flow, "packet"u8, false, true);
        PacketObject(p);
        Send(EveStream.Alerts);
    }

    /// <summary>A record of its own for packets whose flow carries such memory, when the configuration asks for it.</summary>
    public void Metadata(Packet p, Flow.Flow flow)
    {
        if (!options.Enabled || !options.MetadataRecords || flow.Variables.IsEmpty && p.Texts is not { Count: > 0 }) return;
        Header(p, flow, "metadata"u8, false, true);
        Variables(flow, p);
        Send(EveStream.Events);
    }

    private void Variables(Flow.Flow? flow, Packet? p)
    {
        if (_rules == null || !options.Metadata && !options.MetadataRecords) return;
        if (flow != null) Traffic(flow.Variables);
        ReadOnlySpan<int> bits = flow == null ? default : flow.Variables.Bits;
        ReadOnlySpan<(int Name, uint Value)> ints = flow == null ? default : flow.Variables.Ints;
        bool texts = flow is { Variables.Texts.Count: > 0 }, packetTexts = p?.Texts is { Count: > 0 };
        bool plain = false;
        foreach (int bit in bits) plain |= NameOf(bit) is { } name && !name.StartsWith("flow:traffic/", StringComparison.Ordinal);
        if (!plain && ints.IsEmpty && !texts && !packetTexts) return;
        _w.Open("metadata"u8);
        if (packetTexts) Texts("pktvars"u8, p!.Texts!);
        if (texts) Texts("flowvars"u8, flow!.Variables.Texts);
        if (plain)
        {
            _w.OpenArray("flowbits"u8);
            foreach (int bit in bits)
                if (NameOf(bit) is { } name && !name.StartsWith("flow:traffic/", StringComparison.Ordinal)) _w.Item(name[5..]);
            _w.CloseArray();
        }
        if (!ints.IsEmpty)
        {
            _w.Open("flowints"u8);
            foreach (var (name, value) in ints)
                if (NameOf(name) is { } text) _w.Number(Encoding.UTF8.GetBytes(text[4..]), value);
            _w.Close();
        }
        _w.Close();
    }

    private string? NameOf(int number) => number < _rules!.Names.Count ? _rules.Names.Name(number) : null;

    private void Texts(ReadOnlySpan<byte> key, IReadOnlyList<(int Name, byte[] Value)> texts)
    {
        _w.OpenArray(key);
        foreach (var (name, value) in texts)
        {
            if (NameOf(name) is not { } text) continue;
            _w.OpenItem();
            _w.Text(Encoding.UTF8.GetBytes(text[5..]), value);
            _w.Close();
        }
        _w.CloseArray();
    }

    /// <summary>Flow bits named traffic/id/... and traffic/label/... are labels of the traffic rather than memory.</summary>
    private void Traffic(FlowVariables variables)
    {
        bool ids = false, labels = false;
        foreach (int bit in variables.Bits)
        {
            string? name = NameOf(bit);
            if (name == null) continue;
            ids |= name.StartsWith(TrafficId, StringComparison.Ordinal);
            labels |= name.StartsWith(TrafficLabel, StringComparison.Ordinal);
        }
        if (!ids && !labels) return;
        _w.Open("traffic"u8);
        if (ids) Labels("id"u8, variables, TrafficId);
        if (labels) Labels("label"u8, variables, TrafficLabel);
        _w.Close();
    }

    private void Labels(ReadOnlySpan<byte> key, FlowVariables variables, string prefix)
    {
        _w.OpenArray(key);
        foreach (int bit in variables.Bits)
            if (NameOf(bit) is { } name && name.StartsWith(prefix, StringComparison.Ordinal)) _w.Item(name[prefix.Length..]);
        _w.CloseArray();
    }
}
