using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Dhcp;
using Appliance.Sensing.Engine.AppLayer.Ftp;
using Appliance.Sensing.Engine.AppLayer.Krb5;
using Appliance.Sensing.Engine.AppLayer.Rfb;
using Appliance.Sensing.Engine.AppLayer.Snmp;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Keywords that compare one number of a transaction: N, &lt;N, &gt;N, !N, N&lt;&gt;M.</summary>
internal static class NumberTests
{
    internal static void Add<T>(RuleBuilder b, string keyword, string? value, BufferId buffer, Func<T, long?> number) where T : Transaction
    {
        Numbers.Compare(keyword, value, out Comparison compare, out long first, out long second);
        b.AddTest(buffer, new AppTest<T>((tx, _) => number(tx) is { } n && Detect.ContentInspector.Compare(n, compare, first, second)));
    }

    public static void FtpDataCommand(RuleBuilder b, string keyword, string? value)
    {
        string wanted = (value ?? "").Trim();
        if (wanted is not ("stor" or "retr")) throw new RuleException(keyword, "is stor or retr");
        b.AddTest(BufferId.FtpDataCommand, new AppTest<FtpDataTransaction>((tx, _) => tx.Stores == (wanted == "stor")));
    }

    public static void SnmpVersion(RuleBuilder b, string keyword, string? value) => Add<SnmpTransaction>(b, keyword, value, BufferId.SnmpTest, tx => tx.Version);

    public static void SnmpPduType(RuleBuilder b, string keyword, string? value) => Add<SnmpTransaction>(b, keyword, value, BufferId.SnmpTest, tx => tx.PduType < 0 ? null : tx.PduType);

    public static void RfbSecurity(RuleBuilder b, string keyword, string? value) => Add<RfbTransaction>(b, keyword, value, BufferId.RfbTest, tx => tx.Security < 0 ? null : tx.Security);

    public static void RfbResult(RuleBuilder b, string keyword, string? value)
    {
        long wanted = (value ?? "").Trim() switch { "ok" => 0, "fail" => 1, "toomany" => 2, "unknown" => 3, _ => throw new RuleException(keyword, "is ok, fail, toomany or unknown") };
        b.AddTest(BufferId.RfbResultTest, new AppTest<RfbTransaction>((tx, _) => tx.Result >= 0 && Math.Min(tx.Result, 3) == wanted));
    }

    public static void Krb5Type(RuleBuilder b, string keyword, string? value) => Add<Krb5Transaction>(b, keyword, value, BufferId.Krb5Test, tx => tx.Type);

    public static void Krb5Error(RuleBuilder b, string keyword, string? value)
    {
        int wanted = RuleParser.Integer(keyword, value);
        b.AddTest(BufferId.Krb5Test, new AppTest<Krb5Transaction>((tx, _) => tx.ErrorCode == wanted));
    }

    /// <summary>weak, or a list of encryption types by name or number; an exclamation mark turns it round.</summary>
    public static void Krb5Ticket(RuleBuilder b, string keyword, string? value)
    {
        string text = (value ?? "").Trim();
        bool negated = text.StartsWith('!');
        if (negated) text = text[1..];
        if (text.Equals("weak", StringComparison.OrdinalIgnoreCase))
        {
            b.AddTest(BufferId.Krb5Test, new AppTest<Krb5Transaction>((tx, _) => tx.TicketEncryption is { } type && Krb5Names.IsWeak(type) != negated));
            return;
        }
        var types = new HashSet<int>();
        foreach (string word in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Krb5Names.TryEncryption(word, out int type)) throw new RuleException(keyword, $"unknown encryption type \"{word}\"");
            types.Add(type);
        }
        if (types.Count == 0) throw new RuleException(keyword, "names no encryption type");
        b.AddTest(BufferId.Krb5Test, new AppTest<Krb5Transaction>((tx, _) => tx.TicketEncryption is { } type && types.Contains(type) != negated));
    }

    private static void Dhcp(RuleBuilder b, string keyword, string? value, byte option) =>
        Add<DhcpTransaction>(b, keyword, value, BufferId.DhcpTest, tx => tx.Seconds(option) is var n && n >= 0 ? n : null);

    public static void DhcpLease(RuleBuilder b, string keyword, string? value) => Dhcp(b, keyword, value, 51);
    public static void DhcpRenewal(RuleBuilder b, string keyword, string? value) => Dhcp(b, keyword, value, 58);
    public static void DhcpRebinding(RuleBuilder b, string keyword, string? value) => Dhcp(b, keyword, value, 59);
}
