using System.Text;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.AppLayer.Pgsql;

/// <summary>PostgreSQL's frontend/backend protocol 3 (PostgreSQL documentation, chapter "Message Formats"): start-up, authentication, simple queries and their results.</summary>
internal sealed class PgsqlParser(AppState state, bool passwords) : AppParser
{
    private const int MaxMessage = 1 << 20, MaxPending = 256, MaxParameters = 64;
    private const uint Startup = 0x00030000, SslRequest = 80877103, GssRequest = 80877104, Cancel = 80877102;
    private bool _started, _awaitsSsl, _sasl;
    private long _skipToServer, _skipToClient;

    public override AppProto Protocol => AppProto.Pgsql;

    public override bool Gap(ParseContext context, bool toServer, int size)
    {
        ref long skip = ref toServer ? ref _skipToServer : ref _skipToClient;
        bool inside = size <= skip;
        skip = Math.Max(0, skip - size);
        return inside;
    }

    public override int Parse(ParseContext context, bool toServer, ReadOnlySpan<byte> bytes, StreamMarks marks)
    {
        int used = 0;
        ref long skip = ref toServer ? ref _skipToServer : ref _skipToClient;
        while (used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            if (skip > 0)
            {
                int now = (int)Math.Min(skip, rest.Length);
                skip -= now;
                used += now;
                continue;
            }
            int taken = toServer ? FromClient(rest, ref skip) : FromServer(rest, ref skip);
            if (taken < 0) return -1;
            if (taken == 0) break;
            used += taken;
            if (toServer) context.TriggerToServer = true;
            else context.TriggerToClient = true;
            if (HandsOver) return used;
        }
        return used;
    }

    private PgsqlTransaction Begin()
    {
        if (state.Transactions.Count >= MaxPending && Oldest() is { } old) Finish(old);
        return state.Add(new PgsqlTransaction { ShowPassword = passwords });
    }

    private PgsqlTransaction? Oldest()
    {
        foreach (Transaction t in state.Transactions)
            if (t is PgsqlTransaction { ProgressToClient: 0 } tx) return tx;
        return null;
    }

    private static void Finish(PgsqlTransaction tx) => tx.ProgressToServer = tx.ProgressToClient = 1;

    private static PgsqlTransaction.Fact Text(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => new(key.ToArray(), value.ToArray(), 0);
    private static PgsqlTransaction.Fact Number(ReadOnlySpan<byte> key, long value) => new(key.ToArray(), null, value);

    private int FromClient(ReadOnlySpan<byte> rest, ref long skip)
    {
        var wire = new Wire(rest);
        if (!_started)
        {
            uint length = wire.U32(), code = wire.U32();
            if (wire.Bad) return 0;
            if (length is < 8 or > 10000) return -1;
            if (rest.Length < length) return 0;
            PgsqlTransaction tx = Begin();
            switch (code)
            {
                case SslRequest or GssRequest:
                    tx.Request.Add(Text("message"u8, code == SslRequest ? "SSL Request"u8 : "GSSENC Request"u8));
                    tx.SslAsked = _awaitsSsl = true;
                    break;
                case Cancel:
                    tx.Request.Add(Text("message"u8, "cancel_request"u8));
                    tx.Request.Add(Number("process_id"u8, wire.U32()));
                    tx.Request.Add(Number("secret_key"u8, wire.U32()));
                    Finish(tx);
                    break;
                case Startup:
                    _started = true;
                    ReadStartup(tx, rest[8..(int)length]);
                    break;
                default: return -1;
            }
            return (int)length;
        }
        byte type = wire.U8();
        uint size = wire.U32();
        if (wire.Bad) return 0;
        if (size < 4 || type is not (>= (byte)'A' and <= (byte)'z')) return -1;
        if (size > MaxMessage)
        {
            skip = size + 1L;
            return 5 <= rest.Length ? Consume(ref skip, 5) : 0;
        }
        if (rest.Length < size + 1) return 0;
        Message((char)type, rest[5..(int)(size + 1)]);
        return (int)size + 1;
    }

    private static int Consume(ref long skip, int count)
    {
        skip -= count;
        return count;
    }

    private static void ReadStartup(PgsqlTransaction tx, ReadOnlySpan<byte> body)
    {
        tx.IsStartup = true;
        tx.Request.Add(Text("protocol_version"u8, "3.0"u8));
        var wire = new Wire(body);
        while (wire.Left > 1 && tx.Startup.Count < MaxParameters)
        {
            ReadOnlySpan<byte> name = wire.TakeZeroEnded(), value = wire.TakeZeroEnded();
            if (wire.Bad || name.IsEmpty) break;
            if (name.SequenceEqual("user"u8)) tx.User = value.ToArray();
            else tx.Startup.Add((name.ToArray(), value.ToArray()));
        }
    }

    private void Message(char type, ReadOnlySpan<byte> body)
    {
        var wire = new Wire(body);
        switch (type)
        {
            case 'Q':
                Begin().Request.Add(Text("simple_query"u8, body.TrimEnd((byte)0)));
                break;
            case 'X':
            {
                PgsqlTransaction tx = Begin();
                tx.Request.Add(Text("message"u8, "termination_message"u8));
                Finish(tx);
                break;
            }
            case 'p' when _sasl:
            {
                PgsqlTransaction tx = Begin();
                int zero = body.IndexOf((byte)0);
                if (zero > 0 && body.StartsWith("SCRAM-"u8))
                {
                    tx.Request.Add(Text("sasl_authentication_mechanism"u8, body[..zero].SequenceEqual("SCRAM-SHA-256-PLUS"u8) ? "scram_SHA256_plus"u8 : "scram_SHA256"u8));
                    wire.Skip(zero + 1);
                    uint length = wire.U32();
                    tx.Request.Add(Text("sasl_param"u8, wire.Take(Math.Min(length, wire.Left))));
                }
                else tx.Request.Add(Text("sasl_response"u8, body));
                break;
            }
            case 'p': Begin().Password = body.TrimEnd((byte)0).ToArray(); break;
            default: break;
        }
    }

    private int FromServer(ReadOnlySpan<byte> rest, ref long skip)
    {
        if (_awaitsSsl)
        {
            _awaitsSsl = false;
            if (rest[0] is (byte)'S' or (byte)'N' && Oldest() is { } asked)
            {
                (asked.HasAnswer, asked.SslAccepted) = (true, rest[0] == 'S');
                Finish(asked);
                if (asked.SslAccepted)
                {
                    HandsOver = true;
                    HandsOverTo = AppProto.Tls;
                }
                return 1;
            }
        }
        var wire = new Wire(rest);
        char type = (char)wire.U8();
        uint size = wire.U32();
        if (wire.Bad) return 0;
        if (size < 4 || !char.IsAsciiLetterOrDigit(type)) return -1;
        if (type == 'D')
        {
            int columns = wire.U16();
            if (wire.Bad) return 0;
            if (Oldest() is { } rows)
            {
                rows.Rows++;
                rows.RowBytes += Math.Max(0, size - 6L - 4L * columns);
            }
            skip = size + 1L;
            return Consume(ref skip, 7);
        }
        if (size > MaxMessage)
        {
            skip = size + 1L;
            return Consume(ref skip, 5);
        }
        if (rest.Length < size + 1) return 0;
        if (Oldest() is { } tx) Answer(tx, type, rest[5..(int)(size + 1)]);
        return (int)size + 1;
    }

    private void Answer(PgsqlTransaction tx, char type, ReadOnlySpan<byte> body)
    {
        var wire = new Wire(body);
        tx.HasAnswer = true;
        switch (type)
        {
            case 'R': Authentication(tx, ref wire); break;
            case 'S':
            {
                ReadOnlySpan<byte> name = wire.TakeZeroEnded(), value = wire.TakeZeroEnded();
                if (!wire.Bad && tx.Parameters.Count < MaxParameters) tx.Parameters.Add((ParameterName(name), value.ToArray()));
                break;
            }
            case 'K':
                tx.Answer.Add(Number("process_id"u8, wire.U32()));
                tx.Answer.Add(Number("secret_key"u8, wire.U32()));
                break;
            case 'T':
                tx.Answer.Add(Number("field_count"u8, wire.U16()));
                break;
            case 'C': tx.Answer.Add(Text("command_completed"u8, body.TrimEnd((byte)0))); break;
            case 'E':
                ReadError(tx, ref wire);
                if (tx.IsStartup || tx.Password != null) Finish(tx);
                break;
            case 'Z': Finish(tx); break;
            default: break;
        }
    }

    private void Authentication(PgsqlTransaction tx, ref Wire wire)
    {
        uint code = wire.U32();
        switch (code)
        {
            case 0:
                tx.Answer.Add(Text("message"u8, "authentication_ok"u8));
                return;
            case 3: tx.Answer.Add(Text("message"u8, "authentication_cleartext_password"u8)); break;
            case 5: tx.Answer.Add(Text("authentication_md5_password"u8, wire.Rest)); break;
            case 7 or 9: tx.Answer.Add(Text("message"u8, code == 7 ? "authentication_gss"u8 : "authentication_sspi"u8)); break;
            case 10:
                _sasl = true;
                tx.Answer.Add(Text("message"u8, "authentication_sasl"u8));
                break;
            case 11: tx.Answer.Add(Text("message"u8, "authentication_sasl_continue"u8)); break;
            case 12:
                tx.Answer.Add(Text("authentication_sasl_final"u8, wire.Rest));
                return;
            default: break;
        }
        Finish(tx);
    }

    private static byte[] ParameterName(ReadOnlySpan<byte> name)
    {
        // the reference writes these three in its own spelling
        if (name.SequenceEqual("DateStyle"u8)) return "date_style"u8.ToArray();
        if (name.SequenceEqual("IntervalStyle"u8)) return "interval_style"u8.ToArray();
        return name.SequenceEqual("TimeZone"u8) ? "time_zone"u8.ToArray() : name.ToArray();
    }

    private static void ReadError(PgsqlTransaction tx, ref Wire wire)
    {
        while (wire.Left > 1 && tx.Answer.Count < MaxParameters)
        {
            char field = (char)wire.U8();
            if (field == 0) return;
            ReadOnlySpan<byte> value = wire.TakeZeroEnded();
            if (wire.Bad) return;
            string? name = field switch
            {
                'S' => "severity_localizable",
                'V' => "severity_non_localizable",
                'C' => "code",
                'M' => "message",
                'D' => "detail",
                'H' => "hint",
                'P' => "position",
                'p' => "internal_position",
                'q' => "internal_query",
                'W' => "where",
                's' => "schema_name",
                't' => "table_name",
                'c' => "column_name",
                'd' => "data_type_name",
                'n' => "constraint_name",
                'F' => "file",
                'L' => "line",
                'R' => "routine",
                _ => null,
            };
            if (name != null) tx.Answer.Add(new PgsqlTransaction.Fact(Encoding.ASCII.GetBytes(name), value.ToArray(), 0));
        }
    }

    /// <summary>The first message of a client: its length and one of four codes.</summary>
    public static bool Probe(ReadOnlySpan<byte> bytes)
    {
        var wire = new Wire(bytes);
        uint length = wire.U32(), code = wire.U32();
        return !wire.Bad && (code is SslRequest or GssRequest && length == 8 || code == Cancel && length == 16 || code == Startup && length is > 8 and < 10000);
    }
}
