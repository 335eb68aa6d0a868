using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.AppLayer.Dnp3;

/// <summary>One application fragment, from either side, put together from its segments.</summary>
internal sealed class Dnp3Transaction : Transaction
{
    private static readonly string[] Indications = ["all_stations", "class_1_events", "class_2_events", "class_3_events", "need_time", "local_control", "device_trouble", "device_restart",
        "no_func_code_support", "object_unknown", "parameter_error", "event_buffer_overflow", "already_executing", "config_corrupt", "reserved_2", "reserved_1"];

    public bool FromClient;
    public byte LinkControl;
    public ushort From, To;
    public byte Control, Function;
    public ushort Indicators;
    public bool HasIndicators, Whole;

    /// <summary>Control, function, for answers the indications, then the objects.</summary>
    public byte[] Fragment = [];
    public readonly List<Dnp3Object> Objects = new(1);

    /// <summary>The bit of an indication by its name: the first octet is the high one; -1 for an unknown name.</summary>
    public static int Indication(string name) => Array.IndexOf(Indications, name) is var i && i < 0 ? -1 : i < 8 ? i + 8 : i - 8;

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;
    public override bool RecordFollowsFlow => true;

    /// <summary>Fragments that never became whole are not told of.</summary>
    public override bool HasRecord => Fragment.Length > 0;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = buffer == BufferId.Dnp3Data && index == 0 && toServer == FromClient ? Fragment : default;
        return !bytes.IsEmpty;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        if (Fragment.Length == 0) return false;
        to.Open("dnp3"u8);
        if (inAlert) to.Open(FromClient ? "request"u8 : "response"u8);
        to.Text("type"u8, FromClient ? "request"u8 : Function == 130 ? "unsolicited_response"u8 : "response"u8);
        to.Open("control"u8);
        to.Bool("dir"u8, (LinkControl & 0x80) != 0);
        to.Bool("pri"u8, (LinkControl & 0x40) != 0);
        to.Bool("fcb"u8, (LinkControl & 0x20) != 0);
        to.Bool("fcv"u8, (LinkControl & 0x10) != 0);
        to.Number("function_code"u8, LinkControl & 15);
        to.Close();
        to.Number("src"u8, From);
        to.Number("dst"u8, To);
        Application(to);
        if (HasIndicators)
        {
            to.Open("iin"u8);
            if (Indicators != 0)
            {
                to.OpenArray("indicators"u8);
                for (int bit = 15; bit >= 0; bit--)
                    if ((Indicators & 1 << bit) != 0) to.Item(Indications[bit >= 8 ? bit - 8 : bit + 8]);
                to.CloseArray();
            }
            to.Close();
        }
        if (inAlert) to.Close();
        to.Close();
        return true;
    }

    private void Application(EveWriter to)
    {
        to.Open("application"u8);
        to.Open("control"u8);
        to.Bool("fir"u8, (Control & 0x80) != 0);
        to.Bool("fin"u8, (Control & 0x40) != 0);
        to.Bool("con"u8, (Control & 0x20) != 0);
        to.Bool("uns"u8, (Control & 0x10) != 0);
        to.Number("sequence"u8, Control & 15);
        to.Close();
        to.Number("function_code"u8, Function);
        if (Objects.Count > 0)
        {
            to.OpenArray("objects"u8);
            foreach (Dnp3Object header in Objects) Write(to, header);
            to.CloseArray();
        }
        to.Bool("complete"u8, Whole);
        to.Close();
    }

    private void Write(EveWriter to, Dnp3Object header)
    {
        to.OpenItem();
        to.Number("group"u8, header.Group);
        to.Number("variation"u8, header.Variation);
        to.Number("qualifier"u8, header.Qualifier);
        to.Number("prefix_code"u8, header.PrefixCode);
        to.Number("range_code"u8, header.RangeCode);
        to.Number("start"u8, header.Start);
        to.Number("stop"u8, header.Stop);
        to.Number("count"u8, header.Count);
        if (header.PointsRead > 0 && Dnp3Objects.Find(header.Group, header.Variation) is { } shape)
        {
            to.OpenArray("points"u8);
            var wire = new Wire(Fragment, little: true) { At = header.DataAt };
            int limit = header.PointsRead;
            header.Walk(ref wire, shape, ref limit, to);
            to.CloseArray();
        }
        to.Close();
    }
}
