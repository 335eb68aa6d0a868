using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Tls;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Questions to a TLS session and the server's certificate that older keywords ask with a value of their own.</summary>
internal static class TlsKeywords
{
    private static void Certificate(RuleBuilder b, Func<TlsTransaction, bool> fits) =>
        b.AddTest(BufferId.TlsCertTest, new AppTest<TlsTransaction>((tx, _) => tx.ServerCertificate != null && fits(tx)));

    private static void Contains(RuleBuilder b, string keyword, string? value, Func<TlsTransaction, byte[]> of)
    {
        string text = (value ?? "").Trim();
        bool negated = text.StartsWith('!');
        byte[] wanted = Encoding.UTF8.GetBytes(RuleParser.Unquote(negated ? text[1..].Trim() : text));
        if (wanted.Length == 0) throw new RuleException(keyword, "names nothing to look for");
        Certificate(b, tx => of(tx).AsSpan().IndexOf(wanted) >= 0 != negated);
    }

    public static void Subject(RuleBuilder b, string keyword, string? value) => Contains(b, keyword, value, tx => tx.Subject);
    public static void Issuer(RuleBuilder b, string keyword, string? value) => Contains(b, keyword, value, tx => tx.Issuer);
    public static void Fingerprint(RuleBuilder b, string keyword, string? value) => Contains(b, keyword, value?.ToLowerInvariant(), tx => tx.Fingerprint);

    public static void ChainLength(RuleBuilder b, string keyword, string? value) =>
        NumberTests.Add<TlsTransaction>(b, keyword, value, BufferId.TlsCertTest, tx => tx.ServerCertificates.Count == 0 ? null : tx.ServerCertificates.Count);

    public static void Version(RuleBuilder b, string keyword, string? value)
    {
        string text = RuleParser.Unquote((value ?? "").Trim());
        int wanted = text switch
        {
            "1.0" => 0x0301,
            "1.1" => 0x0302,
            "1.2" => 0x0303,
            "1.3" => 0x0304,
            _ when text.StartsWith("0x", StringComparison.Ordinal) && ushort.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort raw) => raw,
            _ => throw new RuleException(keyword, $"unknown version \"{text}\""),
        };
        b.AddTest(BufferId.TlsTest, new AppTest<TlsTransaction>((tx, toServer) => (toServer ? tx.ClientVersion : tx.ServerVersion) == wanted));
    }

    /// <summary>Is the certificate past its end at the time of the capture? As packets carry their own time, the wall clock is not asked.</summary>
    public static void Expired(RuleBuilder b, string keyword, string? value) => Certificate(b, tx => tx.Seen != null && string.CompareOrdinal(tx.ServerCertificate!.NotAfter, tx.Seen) < 0);

    public static void Valid(RuleBuilder b, string keyword, string? value) =>
        Certificate(b, tx => tx.Seen != null && string.CompareOrdinal(tx.ServerCertificate!.NotBefore, tx.Seen) <= 0 && string.CompareOrdinal(tx.ServerCertificate.NotAfter, tx.Seen) >= 0);

    public static void NotBefore(RuleBuilder b, string keyword, string? value) => Date(b, keyword, value, c => c.NotBefore);
    public static void NotAfter(RuleBuilder b, string keyword, string? value) => Date(b, keyword, value, c => c.NotAfter);

    /// <summary>A date from year to second, as much as is given, with &lt; or &gt; before it or &lt;&gt; between two.</summary>
    private static void Date(RuleBuilder b, string keyword, string? value, Func<Certificate, string?> of)
    {
        string text = (value ?? "").Trim().Trim('"');
        int between = text.IndexOf("<>", StringComparison.Ordinal);
        char sign = text.Length > 0 && text[0] is '<' or '>' ? text[0] : '=';
        string first = Stamp(keyword, between > 0 ? text[..between] : sign == '=' ? text : text[1..]), second = between > 0 ? Stamp(keyword, text[(between + 2)..]) : "";
        Certificate(b, tx => of(tx.ServerCertificate!) is { } date && (between > 0 ? string.CompareOrdinal(date, first) > 0 && string.CompareOrdinal(date, second) < 0
            : string.CompareOrdinal(date, first) is var order && (sign == '<' ? order < 0 : sign == '>' ? order > 0 : order == 0)));
    }

    private static string Stamp(string keyword, string text)
    {
        text = text.Trim();
        const string start = "0000-01-01T00:00:00";
        string whole = text.Length < start.Length ? text + start[text.Length..] : text;
        if (!DateTime.TryParseExact(whole.Replace(' ', 'T'), "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date))
            throw new RuleException(keyword, $"\"{text}\" is no date");
        return date.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
    }
}
