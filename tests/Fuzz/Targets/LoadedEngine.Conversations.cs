using System.Text.Json;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Runtime;

namespace Appliance.Fuzz.Targets;

internal sealed partial class LoadedEngine
{
    private const int MostPieces = 40, MostPiece = 3000;

    /// <summary>The conversations of a capture whose protocol is recognised.</summary>
    public IEnumerable<(string Protocol, byte[] Conversation)> Conversations(List<RawPacket> packets)
    {
        using var sink = new FlowSink();
        using (var worker = new Worker(_settings, null, sink))
        {
            foreach (RawPacket raw in packets) worker.Process(raw);
            worker.Finish();
        }
        if (sink.Protocols.Count == 0) yield break;
        var said = new Dictionary<(string, int, string, int), List<(byte, byte[])>>();
        var decoder = new Decoder(new DecodeOptions(), new DecodeCounters());
        var packet = new Packet();
        foreach (RawPacket raw in packets)
        {
            decoder.Decode(raw, packet, 1);
            if (packet.HasPorts && packet.PayloadLength > 0)
            {
                var there = (packet.Source_.ToString(), (int)packet.SourcePort, packet.Destination.ToString(), (int)packet.DestinationPort);
                var back = (there.Item3, there.Item4, there.Item1, there.Item2);
                bool fromClient = sink.Protocols.ContainsKey(there);
                var key = fromClient ? there : back;
                if (sink.Protocols.ContainsKey(key))
                {
                    if (!said.TryGetValue(key, out var pieces)) said[key] = pieces = [];
                    if (pieces.Count < MostPieces) pieces.Add((fromClient ? Targets.Conversation.FromClient : (byte)0, packet.Payload[..Math.Min(packet.PayloadLength, MostPiece)].ToArray()));
                }
            }
            decoder.Recycle();
        }
        foreach (var (key, pieces) in said) yield return (sink.Protocols[key].Protocol, Targets.Conversation.Make(sink.Protocols[key].Tcp, key.Item4, pieces));
    }

    private sealed class FlowSink : IEveSink
    {
        public Dictionary<(string, int, string, int), (string Protocol, bool Tcp)> Protocols { get; } = [];

        public void Write(EveStream stream, ReadOnlySpan<byte> line)
        {
            if (line.IndexOf("\"event_type\":\"flow\""u8) < 0) return;
            using JsonDocument json = JsonDocument.Parse(line.ToArray());
            JsonElement r = json.RootElement;
            // what changed to another protocol on the way began as the one it had first
            if (!r.TryGetProperty("src_port", out JsonElement from) || !r.TryGetProperty("app_proto_orig", out JsonElement protocol) && !r.TryGetProperty("app_proto", out protocol) || protocol.GetString() is not { } name || name is "failed") return;
            Protocols[(r.GetProperty("src_ip").GetString()!, from.GetInt32(), r.GetProperty("dest_ip").GetString()!, r.GetProperty("dest_port").GetInt32())] = (name, r.GetProperty("proto").GetString() == "TCP");
        }

        public void Flush() { }
        public void Dispose() { }
    }
}
