namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>flowvar and pktvar: does what an expression has captured under a name hold these bytes?</summary>
internal static class VariableTexts
{
    public static void Flow(RuleBuilder b, string keyword, string? value) => Add(b, keyword, value, PacketTestKind.FlowText);

    public static void Packet(RuleBuilder b, string keyword, string? value) => Add(b, keyword, value, PacketTestKind.PacketText);

    private static void Add(RuleBuilder b, string keyword, string? value, PacketTestKind kind)
    {
        string text = (value ?? "").Trim();
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        if (comma <= 0 || comma == text.Length - 1) throw new RuleException(keyword, "has the form name,bytes");
        byte[] bytes = Contents.Pattern(keyword, RuleParser.Unquote(text[(comma + 1)..].Trim()));
        b.Rule.PacketTests.Add(new PacketTest { Kind = kind, Extra = b.Parser.Names.Of("text:" + text[..comma].Trim()), Bytes = bytes });
    }
}
