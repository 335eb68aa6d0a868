using System.Globalization;
using System.Text;

namespace Appliance.Fuzz.Targets;

/// <summary>
/// Conversations written by hand, one file a protocol. <c>= tcp 80</c> begins one, with the server's port; <c>&gt;</c> is what the client says, <c>&lt;</c> the server, <c>+</c> goes on with the line
/// before, <c>#</c> is a remark. After the sign <c>2</c> means a second connection (to port 2000 of the server), <c>q</c> that the line is the inside of a QUIC Initial, to be sealed.
/// Words: hex digits; <c>"text"</c> with \r \n \0 \" \\ \xNN; <c>HH*N</c>, a byte N times; <c>u8{ } u16{ } u24{ } u32{ } le16{ } le32{ }</c>, a length and what it counts; <c>tHH{ }</c>, an ASN.1 tag,
/// length and content.
/// </summary>
internal sealed class Talk
{
    private readonly string _name;
    private readonly string[] _words;
    private int _at;

    private Talk(string name, string line) => (_name, _words) = (name, Words(line));

    /// <exception cref="FormatException">Names the file and the line.</exception>
    public static List<byte[]> Read(string path)
    {
        var made = new List<byte[]>();
        (bool Tcp, int Port)? head = null;
        var pieces = new List<(byte Flags, byte[] Bytes)>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            string place = $"{Path.GetFileName(path)}:{++number}";
            if (line.Length == 0 || line[0] == '#') continue;
            if (line[0] == '=')
            {
                End();
                string[] words = line[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                head = (words[0] == "tcp", int.Parse(words[1], CultureInfo.InvariantCulture));
                continue;
            }
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 || head == null || line[0] is not ('>' or '<' or '+')) throw new FormatException($"{place}: not a line of a conversation: {line}");
            byte[] bytes = [.. new Talk(place, line[space..]).Bytes(null)];
            if (line[0] == '+') pieces[^1] = (pieces[^1].Flags, [.. pieces[^1].Bytes, .. bytes]);
            else pieces.Add((Flags(line[..space]), bytes));
        }
        End();
        return made;

        void End()
        {
            if (head is { } h) made.Add(Conversation.Make(h.Tcp, h.Port, pieces));
            pieces.Clear();
        }
    }

    private static byte Flags(string sign) =>
        (byte)((sign[0] == '>' ? Conversation.FromClient : 0) | (sign.Contains('2', StringComparison.Ordinal) ? Conversation.Second : 0) | (sign.Contains('q', StringComparison.Ordinal) ? Conversation.Sealed : 0));

    private List<byte> Bytes(string? until)
    {
        var bytes = new List<byte>();
        for (; _at < _words.Length && _words[_at] != until; _at++)
        {
            string word = _words[_at];
            if (word[0] == '"') bytes.AddRange(Quoted(word[1..^1]));
            else if (word[^1] == '{')
            {
                _at++;
                List<byte> inner = Bytes("}");
                if (_at >= _words.Length) throw new FormatException($"{_name}: {word} is not closed");
                bytes.AddRange(Counted(word[..^1], inner.Count));
                bytes.AddRange(inner);
            }
            else if (word.Split('*') is [var one, var times]) bytes.AddRange(Enumerable.Repeat(Convert.FromHexString(one)[0], int.Parse(times, CultureInfo.InvariantCulture)));
            else bytes.AddRange(Convert.FromHexString(word));
        }
        return bytes;
    }

    private byte[] Counted(string kind, int n) => kind switch
    {
        "u8" => [(byte)n],
        "u16" => [(byte)(n >> 8), (byte)n],
        "u24" => [(byte)(n >> 16), (byte)(n >> 8), (byte)n],
        "u32" => [0, (byte)(n >> 16), (byte)(n >> 8), (byte)n],
        "le16" => [(byte)n, (byte)(n >> 8)],
        "le32" => [(byte)n, (byte)(n >> 8), (byte)(n >> 16), 0],
        ['t', .. var tag] when n < 128 => [Convert.FromHexString(tag)[0], (byte)n],
        ['t', .. var tag] => [Convert.FromHexString(tag)[0], 0x82, (byte)(n >> 8), (byte)n],
        _ => throw new FormatException($"{_name}: unknown length {kind}"),
    };

    private static IEnumerable<byte> Quoted(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                foreach (byte b in Encoding.UTF8.GetBytes(text, i, 1)) yield return b;
                continue;
            }
            yield return text[++i] switch
            {
                'r' => (byte)'\r',
                'n' => (byte)'\n',
                '0' => 0,
                'x' => Convert.FromHexString(text.AsSpan(i + 1, 2))[0],
                var c => (byte)c,
            };
            if (text[i] == 'x') i += 2;
        }
    }

    private static string[] Words(string line)
    {
        var words = new List<string>();
        for (int i = 0; i < line.Length;)
        {
            if (line[i] == ' ')
            {
                i++;
                continue;
            }
            int start = i;
            if (line[i] == '"')
            {
                for (i++; line[i] != '"'; i++)
                    if (line[i] == '\\') i++;
                i++;
            }
            else i = line.IndexOf(' ', i) is var end && end < 0 ? line.Length : end;
            words.Add(line[start..i]);
        }
        return [.. words];
    }
}
