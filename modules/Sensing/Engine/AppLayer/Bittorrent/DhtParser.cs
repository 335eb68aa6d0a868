using System.Text;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Bittorrent;

/// <summary>One message of BitTorrent's distributed hash table (BEP 5).</summary>
internal sealed class DhtTransaction : Transaction
{
    public bool FromClient;
    public byte[] TransactionId = [], Client = [], Query = [];
    public byte Kind;                                          // q, r, e
    public byte[]? NodeId, Target, InfoHash, Token;
    public long Port = -1, ImpliedPort = -1, ErrorNumber = -1;
    public byte[] ErrorText = [], Nodes = [], Nodes6 = [];
    public readonly List<byte[]> Values = new(0);

    public override int Complete => 1;
    public override bool Uses(bool toServer) => toServer == FromClient;

    public override bool TryGet(BufferId buffer, bool toServer, int index, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    public override bool WriteRecord(EveWriter to, bool inAlert)
    {
        to.Open("bittorrent_dht"u8);
        Hex(to, "transaction_id"u8, TransactionId);
        if (Client.Length > 0) Hex(to, "client_version"u8, Client);
        switch (Kind)
        {
            case (byte)'q':
                to.Text("request_type"u8, Query);
                to.Open("request"u8);
                Hex(to, "id"u8, NodeId);
                Hex(to, "target"u8, Target);
                Hex(to, "info_hash"u8, InfoHash);
                Hex(to, "token"u8, Token);
                if (ImpliedPort >= 0) to.Number("implied_port"u8, ImpliedPort);
                if (Port >= 0) to.Number("port"u8, Port);
                to.Close();
                break;
            case (byte)'r':
                to.Open("response"u8);
                Hex(to, "id"u8, NodeId);
                Peers(to, "nodes"u8, Nodes, 4);
                Peers(to, "nodes6"u8, Nodes6, 16);
                if (Values.Count > 0)
                {
                    to.OpenArray("values"u8);
                    foreach (byte[] value in Values) Peer(to, value, value.Length - 2);
                    to.CloseArray();
                }
                Hex(to, "token"u8, Token);
                to.Close();
                break;
            default:
                to.Open("error"u8);
                to.Number("num"u8, ErrorNumber);
                to.Text("msg"u8, ErrorText);
                to.Close();
                break;
        }
        to.Close();
        return true;
    }

    private static void Hex(EveWriter to, ReadOnlySpan<byte> key, byte[]? bytes)
    {
        if (bytes != null) to.Text(key, Convert.ToHexStringLower(bytes));
    }

    private static void Peers(EveWriter to, ReadOnlySpan<byte> key, byte[] bytes, int address)
    {
        if (bytes.Length < 20 + address + 2) return;
        to.OpenArray(key);
        for (int at = 0; at + 22 + address <= bytes.Length; at += 22 + address)
        {
            to.OpenItem();
            to.Text("id"u8, Convert.ToHexStringLower(bytes.AsSpan(at, 20)));
            Body(to, bytes.AsSpan(at + 20), address);
            to.Close();
        }
        to.CloseArray();
    }

    private static void Peer(EveWriter to, byte[] bytes, int address)
    {
        if (address is not (4 or 16)) return;
        to.OpenItem();
        Body(to, bytes, address);
        to.Close();
    }

    private static void Body(EveWriter to, ReadOnlySpan<byte> bytes, int address)
    {
        to.Address("ip"u8, address == 4 ? IpAddress.ReadV4(bytes) : IpAddress.ReadV6(bytes));
        to.Number("port"u8, bytes[address] << 8 | bytes[address + 1]);
    }
}

/// <summary>BitTorrent's distributed hash table over UDP: bencoded dictionaries (BEP 5, BEP 32), nested no deeper than the protocol needs.</summary>
internal sealed class DhtParser(AppState state) : AppParser
{
    private const int MaxValues = 128, MaxDepth = 8;

    public override AppProto Protocol => AppProto.BittorrentDht;

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        var tx = new DhtTransaction { FromClient = toServer };
        int at = 0;
        bool whole = Dictionary(bytes, ref at, tx, 0) && at == bytes.Length;
        state.Add(tx);
        if (!whole || tx.Kind == 0 || tx.TransactionId.Length == 0) tx.Raise("malformed_packet", toServer);
        tx.ProgressToServer = tx.ProgressToClient = 1;
        return bytes.Length;
    }

    private static bool Text(ReadOnlySpan<byte> b, scoped ref int at, out ReadOnlySpan<byte> text)
    {
        text = default;
        int length = 0, digits = 0;
        while (at < b.Length && b[at] is >= (byte)'0' and <= (byte)'9' && digits < 7)
        {
            length = length * 10 + b[at++] - '0';
            digits++;
        }
        if (digits == 0 || at >= b.Length || b[at++] != ':' || length > b.Length - at) return false;
        text = b.Slice(at, length);
        at += length;
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> b, ref int at, out long number)
    {
        number = 0;
        if (at >= b.Length || b[at++] != 'i') return false;
        bool minus = at < b.Length && b[at] == '-';
        if (minus) at++;
        int digits = 0;
        while (at < b.Length && b[at] is >= (byte)'0' and <= (byte)'9' && digits < 18)
        {
            number = number * 10 + b[at++] - '0';
            digits++;
        }
        if (minus) number = -number;
        return digits > 0 && at < b.Length && b[at++] == 'e';
    }

    private static bool Skip(ReadOnlySpan<byte> b, ref int at, int depth)
    {
        if (at >= b.Length || depth > MaxDepth) return false;
        if (b[at] == 'i') return Number(b, ref at, out _);
        if (b[at] is not ((byte)'l' or (byte)'d')) return Text(b, ref at, out _);
        at++;
        while (at < b.Length && b[at] != 'e')
            if (!Skip(b, ref at, depth + 1)) return false;
        return at++ < b.Length;
    }

    private static bool Dictionary(ReadOnlySpan<byte> b, ref int at, DhtTransaction tx, int depth)
    {
        if (at >= b.Length || b[at++] != 'd' || depth > 1) return false;
        while (at < b.Length && b[at] != 'e')
        {
            if (!Text(b, ref at, out ReadOnlySpan<byte> key)) return false;
            if (!(depth == 0 ? Outer(b, ref at, key, tx) : Inner(b, ref at, key, tx))) return false;
        }
        return at++ < b.Length;
    }

    private static bool Outer(ReadOnlySpan<byte> b, ref int at, ReadOnlySpan<byte> key, DhtTransaction tx)
    {
        if (key.Length != 1) return Skip(b, ref at, 1);
        ReadOnlySpan<byte> text;
        switch (key[0])
        {
            case (byte)'t':
                if (!Text(b, ref at, out text)) return false;
                tx.TransactionId = text.ToArray();
                return true;
            case (byte)'v':
                if (!Text(b, ref at, out text)) return false;
                tx.Client = text.ToArray();
                return true;
            case (byte)'y':
                if (!Text(b, ref at, out text) || text.Length != 1) return false;
                tx.Kind = text[0];
                return true;
            case (byte)'q':
                if (!Text(b, ref at, out text)) return false;
                tx.Query = text.ToArray();
                return true;
            case (byte)'a' or (byte)'r': return Dictionary(b, ref at, tx, 1);
            case (byte)'e':
                if (at >= b.Length || b[at++] != 'l' || !Number(b, ref at, out tx.ErrorNumber) || !Text(b, ref at, out text)) return false;
                tx.ErrorText = text.ToArray();
                return at < b.Length && b[at++] == 'e';
            default: return Skip(b, ref at, 1);
        }
    }

    private static bool Inner(ReadOnlySpan<byte> b, ref int at, ReadOnlySpan<byte> key, DhtTransaction tx)
    {
        if (key.SequenceEqual("port"u8)) return Number(b, ref at, out tx.Port);
        if (key.SequenceEqual("implied_port"u8)) return Number(b, ref at, out tx.ImpliedPort);
        if (key.SequenceEqual("values"u8))
        {
            if (at >= b.Length || b[at++] != 'l') return false;
            while (at < b.Length && b[at] != 'e')
            {
                if (!Text(b, ref at, out ReadOnlySpan<byte> value)) return false;
                if (tx.Values.Count < MaxValues) tx.Values.Add(value.ToArray());
            }
            return at++ < b.Length;
        }
        bool id = key.SequenceEqual("id"u8), target = key.SequenceEqual("target"u8), hash = key.SequenceEqual("info_hash"u8), token = key.SequenceEqual("token"u8);
        bool nodes = key.SequenceEqual("nodes"u8), nodes6 = key.SequenceEqual("nodes6"u8);
        if (!(id || target || hash || token || nodes || nodes6)) return Skip(b, ref at, 2);
        if (!Text(b, ref at, out ReadOnlySpan<byte> text)) return false;
        byte[] bytes = text.ToArray();
        if (id) tx.NodeId = bytes;
        else if (target) tx.Target = bytes;
        else if (hash) tx.InfoHash = bytes;
        else if (token) tx.Token = bytes;
        else if (nodes) tx.Nodes = bytes;
        else tx.Nodes6 = bytes;
        return true;
    }

    public static bool Probe(ReadOnlySpan<byte> b) =>
        b.StartsWith("d1:ad"u8) || b.StartsWith("d1:rd"u8) || b.StartsWith("d2:ip"u8) || b.StartsWith("d1:el"u8);
}
