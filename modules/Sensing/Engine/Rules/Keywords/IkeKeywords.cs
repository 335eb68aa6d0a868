using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Ike;

namespace Appliance.Sensing.Engine.Rules.Keywords;

/// <summary>Questions to IKE messages beyond their buffers.</summary>
internal static class IkeKeywords
{
    private static readonly string[] Chosen = ["alg_enc", "alg_hash", "alg_auth", "alg_dh", "alg_prf", "sa_group_type", "sa_life_type", "sa_life_duration", "sa_key_length", "sa_field_size"];

    public static void Exchange(RuleBuilder b, string keyword, string? value)
    {
        Numbers.Compare(keyword, value, out _, out long first, out _);
        if (first > 255) throw new RuleException(keyword, "is a byte");
        NumberTests.Add<IkeTransaction>(b, keyword, value, BufferId.IkeTest, tx => tx.Exchange);
    }

    public static void KeyLength(RuleBuilder b, string keyword, string? value) => NumberTests.Add<IkeTransaction>(b, keyword, value, BufferId.IkeTest, tx => tx.HasKey ? tx.Key.Length : null);

    public static void NonceLength(RuleBuilder b, string keyword, string? value) => NumberTests.Add<IkeTransaction>(b, keyword, value, BufferId.IkeTest, tx => tx.HasNonce ? tx.Nonce.Length : null);

    /// <summary>name=number of an attribute the responder has chosen.</summary>
    public static void ChosenAttribute(RuleBuilder b, string keyword, string? value)
    {
        string[] parts = (value ?? "").Split('=', StringSplitOptions.TrimEntries);
        if (parts.Length != 2) throw new RuleException(keyword, "has the form attribute=number");
        string name = parts[0];
        if (Array.IndexOf(Chosen, name) < 0) throw new RuleException(keyword, $"unknown attribute \"{name}\"");
        uint wanted = RuleParser.Unsigned(keyword, parts[1]);
        b.AddTest(BufferId.IkeChosenTest, new AppTest<IkeTransaction>((tx, _) => tx.ChosenNumber(name) == wanted));
    }
}
