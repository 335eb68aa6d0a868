using Appliance.Sensing.Engine.AppLayer.Frames;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Output;

/// <summary>Records of frames, and frames in alerts.</summary>
internal sealed partial class EveRecords
{
    private const int DatagramPayload = 256;
    private Reassembly? _reassembly;

    /// <summary>Where the bytes of frames in streams lie.</summary>
    public void Attach(Reassembly reassembly) => _reassembly = reassembly;

    public bool WantsFrames => options.Enabled && options.Frames;

    public void Frame(Packet p, Flow.Flow flow, in AppFrame frame)
    {
        Header(p, flow, "frame"u8, false, true);
        AppProtocol(flow);
        FrameObject(p, flow, frame);
        Send(EveStream.Events);
    }

    private void FrameObject(Packet p, Flow.Flow flow, in AppFrame frame)
    {
        var view = new FrameView(p, flow, _reassembly!);
        _w.Open("frame"u8);
        _w.Text("type"u8, FrameTable.Name(frame.Type));
        _w.Number("id"u8, frame.Id);
        _w.Text("direction"u8, p.ToServer ? "toserver"u8 : "toclient"u8);
        if (view.InStream) _w.Number("stream_offset"u8, frame.Start);
        _w.Number("length"u8, view.LengthOf(frame));
        if (!view.InStream) _w.Bool("complete"u8, view.IsComplete(frame));
        _payload.Clear();
        int most = view.InStream ? options.FramePayloadSize : Math.Min(options.FramePayloadSize, DatagramPayload);
        view.Copy(frame, _payload, most);
        ReadOnlySpan<byte> bytes = _payload.Span[..Math.Min(_payload.Length, most)];
        _w.Base64("payload"u8, bytes);
        _w.Printable("payload_printable"u8, bytes);
        if (view.InStream) _w.Bool("complete"u8, view.IsComplete(frame));
        if (frame.Exchange > 0) _w.Number("tx_id"u8, frame.Exchange - 1);
        _w.Close();
    }
}
