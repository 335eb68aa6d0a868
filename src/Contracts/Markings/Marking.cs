namespace Appliance.Contracts;

/// <summary>Traffic Light Protocol 2.0 (FIRST, August 2022). The order is the order of restriction.</summary>
public enum Tlp
{
    /// <summary>TLP:CLEAR: may be published.</summary>
    Clear = 0,

    /// <summary>TLP:GREEN: within the community.</summary>
    Green = 1,

    /// <summary>TLP:AMBER: need to know within the organisation and its clients.</summary>
    Amber = 2,

    /// <summary>TLP:AMBER+STRICT: need to know within the organisation only.</summary>
    AmberStrict = 3,

    /// <summary>TLP:RED: the named people only.</summary>
    Red = 4,
}

/// <summary>Permissible Actions Protocol: what a reader may do with the information.</summary>
public enum Pap
{
    /// <summary>PAP:CLEAR: no restriction.</summary>
    Clear = 0,

    /// <summary>PAP:GREEN: active actions against the source allowed.</summary>
    Green = 1,

    /// <summary>PAP:AMBER: passive look-ups allowed.</summary>
    Amber = 2,

    /// <summary>PAP:RED: nothing that leaves the box.</summary>
    Red = 3,
}

/// <summary>What every visible record carries: who may read it, what may be done with it, whether it is an exercise.</summary>
/// <param name="Tlp">Who may read it.</param>
/// <param name="Pap">What may be done with it.</param>
/// <param name="Exercise">True while a drill is played: never leaves as a live record.</param>
/// <param name="Named">For TLP:RED the people who may read it; empty otherwise.</param>
public sealed record Marking(Tlp Tlp, Pap Pap = Pap.Amber, bool Exercise = false, IReadOnlyList<UserId>? Named = null)
{
    /// <summary>What a record gets when nobody has decided: TLP:AMBER, PAP:AMBER, live.</summary>
    public static Marking Default { get; } = new(Tlp.Amber);

    /// <summary>The label as FIRST writes it, in every language: <c>TLP:AMBER+STRICT</c>.</summary>
    public string Label => TlpLabel.Of(Tlp);
}

/// <summary>The labels of TLP 2.0, never translated.</summary>
public static class TlpLabel
{
    /// <summary>The label of <paramref name="tlp"/>, for example <c>TLP:AMBER+STRICT</c>.</summary>
    public static string Of(Tlp tlp) => tlp switch
    {
        Tlp.Clear => "TLP:CLEAR",
        Tlp.Green => "TLP:GREEN",
        Tlp.Amber => "TLP:AMBER",
        Tlp.AmberStrict => "TLP:AMBER+STRICT",
        Tlp.Red => "TLP:RED",
        _ => throw new ArgumentOutOfRangeException(nameof(tlp), tlp, "not a TLP 2.0 label"),
    };

    /// <summary>Reads a label of TLP 2.0, or <c>TLP:WHITE</c> of 1.0, in any case; false for anything else.</summary>
    public static bool TryParse(string? text, out Tlp tlp)
    {
        (var known, tlp) = (text ?? "").Trim().ToUpperInvariant() switch
        {
            "TLP:CLEAR" or "TLP:WHITE" => (true, Tlp.Clear),
            "TLP:GREEN" => (true, Tlp.Green),
            "TLP:AMBER" => (true, Tlp.Amber),
            "TLP:AMBER+STRICT" => (true, Tlp.AmberStrict),
            "TLP:RED" => (true, Tlp.Red),
            _ => (false, Tlp.Red),
        };
        return known;
    }
}
