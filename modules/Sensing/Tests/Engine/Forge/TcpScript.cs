using System.Buffers.Binary;
using System.Globalization;

namespace Appliance.Sensing.Tests.Engine.Forge;

/// <summary>
/// TCP conversations in words. A packet is side (c or s), flags, sequence number, acknowledgement, then dt=SECONDS (before it; may be negative), win=WINDOW, ws=SCALE, ts=VALUE/ECHO as needed, then data (~ stands for CR LF):
/// <c>c PA 101 501 dt=2 ts=7/9 GET / HTTP/1.0~~</c>. Packets are parted by semicolons.
/// </summary>
internal static class TcpScript
{
    public const string Client = "192.0.2.9", Server = "198.51.100.9";
    private const ushort ClientPort = 5000, ServerPort = 80;

    public static PacketForge Play(string packets)
    {
        var forge = new PacketForge();
        foreach (string packet in packets.Split("; ", StringSplitOptions.RemoveEmptyEntries)) Add(forge, packet.Trim());
        return forge;
    }

    private static void Add(PacketForge forge, string packet)
    {
        var words = new Queue<string>(packet.Split(' '));
        bool client = words.Dequeue() == "c";
        byte flags = 0;
        foreach (char c in words.Dequeue()) flags |= c switch { 'F' => 1, 'S' => 2, 'R' => 4, 'P' => 8, 'A' => 16, _ => throw new FormatException(packet) };
        uint sequence = Number(words.Dequeue()), ack = Number(words.Dequeue());
        ushort window = 65535;
        List<byte> options = [];
        while (words.TryPeek(out string? word) && word.Split('=') is [var key, var value] && key is "dt" or "win" or "ws" or "ts")
        {
            words.Dequeue();
            if (key == "dt") forge.Wait(double.Parse(value, CultureInfo.InvariantCulture));
            else if (key == "win") window = ushort.Parse(value, CultureInfo.InvariantCulture);
            else if (key == "ws") options.AddRange([3, 3, byte.Parse(value, CultureInfo.InvariantCulture), 1]);
            else options.AddRange([1, 1, 8, 10, .. Bytes(Number(value.Split('/')[0])), .. Bytes(Number(value.Split('/')[1]))]);
        }
        byte[] data = System.Text.Encoding.ASCII.GetBytes(string.Join(' ', words).Replace("~", "\r\n", StringComparison.Ordinal));
        string from = client ? Client : Server, to = client ? Server : Client;
        byte[] segment = PacketForge.TcpSegment(from, client ? ClientPort : ServerPort, to, client ? ServerPort : ClientPort, sequence, ack, flags, [.. options, .. data], window);
        segment[12] = (byte)((20 + options.Count) / 4 << 4);
        forge.Frame(PacketForge.Ethernet(0x0800, forge.Ip(from, to, 6, segment)));
    }

    private static uint Number(string word) => uint.Parse(word, CultureInfo.InvariantCulture);

    private static byte[] Bytes(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
