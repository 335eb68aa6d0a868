using System.Globalization;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Tls;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>tls.version and ssl_version: the version of the side that speaks.</summary>
internal sealed class TlsVersionTest(HashSet<int> versions, bool negated) : TransactionTest
{
    public override AppProto[] Protocols => [AppProto.Tls];

    public static TlsVersionTest Parse(string keyword, string? value)
    {
        var versions = new HashSet<int>();
        bool negated = false;
        foreach (string raw in RuleParser.Unquote((value ?? "").Trim()).Split(',', StringSplitOptions.TrimEntries))
        {
            string word = raw.Trim('"').ToLowerInvariant();
            if (word.StartsWith('!'))
            {
                negated = true;
                word = word[1..].Trim();
            }
            versions.Add(word switch
            {
                "sslv2" => 2,
                "sslv3" => 0x300,
                "tls1.0" or "1.0" => 0x301,
                "tls1.1" or "1.1" => 0x302,
                "tls1.2" or "1.2" => 0x303,
                "tls1.3" or "1.3" => 0x304,
                _ when word.StartsWith("0x", StringComparison.Ordinal) && int.TryParse(word[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number) => number,
                _ => throw new RuleException(keyword, $"unknown version \"{raw}\""),
            });
        }
        return new TlsVersionTest(versions, negated);
    }

    public override TestOutcome Check(Transaction tx, Packet p, bool toServer, bool complete)
    {
        if (tx is not TlsTransaction tls) return TestOutcome.No;
        int version = toServer ? tls.ClientVersion : tls.ServerVersion;
        if (version == 0) return complete ? TestOutcome.No : TestOutcome.Later;
        // drafts of TLS 1.3 count as what they became
        if (version is >= 0x7f10 and <= 0x7fff) version = 0x304;
        return versions.Contains(version) != negated ? TestOutcome.Yes : TestOutcome.No;
    }
}

/// <summary>tls.cert_chain_len: how many certificates the side has sent.</summary>
internal sealed class ChainLengthTest(Comparison compare, long first, long second) : TransactionTest
{
    public override AppProto[] Protocols => [AppProto.Tls];

    public override TestOutcome Check(Transaction tx, Packet p, bool toServer, bool complete)
    {
        if (tx is not TlsTransaction tls) return TestOutcome.No;
        int count = toServer ? tls.ClientCertificates.Count : tls.ServerCertificates.Count;
        if (count == 0) return complete ? TestOutcome.No : TestOutcome.Later;
        return Detect.ContentInspector.Compare(count, compare, first, second) ? TestOutcome.Yes : TestOutcome.No;
    }
}

/// <summary>ssl_state: how far the handshake has come.</summary>
internal sealed class TlsStateTest(int states, bool negated) : TransactionTest
{
    private const int ClientHello = 1, ServerHello = 2, ClientKey = 4, ServerKey = 8, Unknown = 16;

    public override AppProto[] Protocols => [AppProto.Tls];

    public static TlsStateTest Parse(string keyword, string? value)
    {
        int states = 0;
        string text = (value ?? "").Trim();
        bool negated = text.StartsWith('!');
        foreach (string word in text.Split([',', '|'], StringSplitOptions.TrimEntries))
            states |= word.TrimStart('!').Trim() switch
            {
                "client_hello" => ClientHello,
                "server_hello" => ServerHello,
                "client_keyx" => ClientKey,
                "server_keyx" => ServerKey,
                "unknown" => Unknown,
                _ => throw new RuleException(keyword, $"unknown state \"{word}\""),
            };
        return new TlsStateTest(states, negated);
    }

    public override TestOutcome Check(Transaction tx, Packet p, bool toServer, bool complete)
    {
        if (tx is not TlsTransaction tls) return TestOutcome.No;
        int seen = (tls.ClientVersion != 0 ? ClientHello : 0) | (tls.ServerVersion != 0 ? ServerHello : 0)
            | (tls.ServerCertificates.Count > 0 ? ServerKey : 0) | (tls.ProgressToServer >= tls.Complete ? ClientKey : 0);
        if (seen == 0) seen = Unknown;
        bool fits = (seen & states) != 0;
        if (fits != negated) return TestOutcome.Yes;
        return complete || negated ? TestOutcome.No : TestOutcome.Later;
    }
}

/// <summary>tls_cert_notbefore, tls_cert_notafter, tls_cert_expired, tls_cert_valid: the server certificate's dates.</summary>
internal sealed class CertificateDateTest : TransactionTest
{
    private enum Question { NotBefore, NotAfter, Expired, Valid }

    private Question _question;
    private Comparison _compare;
    private long _first, _second;

    public override AppProto[] Protocols => [AppProto.Tls];

    public static CertificateDateTest Parse(string keyword, string? value)
    {
        var test = new CertificateDateTest { _question = keyword switch { "tls_cert_expired" => Question.Expired, "tls_cert_valid" => Question.Valid, "tls_cert_notbefore" => Question.NotBefore, _ => Question.NotAfter } };
        if (test._question is Question.Expired or Question.Valid) return test;
        string text = RuleParser.Unquote((value ?? "").Trim());
        int between = text.IndexOf("<>", StringComparison.Ordinal);
        if (between > 0)
        {
            test._compare = Comparison.Range;
            test._first = Time(keyword, text[..between]);
            test._second = Time(keyword, text[(between + 2)..]);
            if (test._first >= test._second) throw new RuleException(keyword, "the range runs backwards");
            return test;
        }
        test._compare = text.Length > 0 && text[0] == '<' ? Comparison.Less : text.Length > 0 && text[0] == '>' ? Comparison.Greater : Comparison.Equal;
        test._first = Time(keyword, text.TrimStart('<', '>'));
        return test;
    }

    private static readonly string[] Forms = ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd HH", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss"];

    private static long Time(string keyword, string text)
    {
        if (!DateTime.TryParseExact(text.Trim(), Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime time)) throw new RuleException(keyword, $"\"{text}\" is not a date");
        return (long)(time - DateTime.UnixEpoch).TotalSeconds;
    }

    public override TestOutcome Check(Transaction tx, Packet p, bool toServer, bool complete)
    {
        if (tx is not TlsTransaction tls || toServer) return TestOutcome.No;
        if (tls.ServerCertificate is not { NotBefore: { } from, NotAfter: { } until }) return complete ? TestOutcome.No : TestOutcome.Later;
        if (!DateTime.TryParse(from, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime first)
            || !DateTime.TryParse(until, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime last)) return TestOutcome.No;
        long notBefore = (long)(first - DateTime.UnixEpoch).TotalSeconds, notAfter = (long)(last - DateTime.UnixEpoch).TotalSeconds, now = p.Time / 1_000_000;
        bool fits = _question switch
        {
            Question.Expired => now > notAfter,
            Question.Valid => now >= notBefore && now <= notAfter,
            Question.NotBefore => Detect.ContentInspector.Compare(notBefore, _compare, _first, _second),
            _ => Detect.ContentInspector.Compare(notAfter, _compare, _first, _second),
        };
        return fits ? TestOutcome.Yes : TestOutcome.No;
    }
}
