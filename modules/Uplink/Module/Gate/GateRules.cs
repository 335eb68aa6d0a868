using Appliance.Contracts;
using Appliance.Uplink.Peers;

namespace Appliance.Uplink.Gate;

/// <summary>What may leave, to whom, and how many people it takes. Pure; asked when a share arrives, when it is approved and when it is handed over.</summary>
internal static class GateRules
{
    /// <summary>TLP:RED is for named people and no node is one.</summary>
    public const string Red = "uplink.rule.red";

    /// <summary>PAP:RED: nothing that leaves the box.</summary>
    public const string PapRed = "uplink.rule.pap-red";

    /// <summary>Two people.</summary>
    public const string FourEyes = "uplink.rule.four-eyes";

    /// <summary>One person.</summary>
    public const string OnePerson = "uplink.rule.one-person";

    /// <summary>
    /// The same rules in SQL, for the moment of handing over: of an object row <c>o</c>, its share <c>s</c>, the recipient row <c>r</c> and the peer <c>p</c>.
    /// Rows without a share are marking definitions and identities, or what the peer itself wrote.
    /// </summary>
    public const string Releasable =
        """
        (p.trust = 'trusted' and p.removed_at is null
         and (o.share_id is null
              or (s.tlp <= p.ceiling and s.tlp <= 3 and s.pap <= 2 and (not s.exercise or p.takes_exercises)
                  and ((s.state = 'approved' and r.state in ('available', 'pulled', 'acknowledged', 'refused'))
                       or (s.state = 'withdrawn' and o.revokes and r.pulled_at is not null)))))
        """;

    /// <summary>The rule that applies to a marking.</summary>
    public static string RuleFor(Marking marking, FourEyesPolicy policy) => marking switch
    {
        { Tlp: Tlp.Red } => Red,
        { Pap: Pap.Red } => PapRed,
        { Tlp: Tlp.AmberStrict } => FourEyes,
        _ => policy == FourEyesPolicy.Always ? FourEyes : OnePerson,
    };

    /// <summary>True when the rule lets nothing out.</summary>
    public static bool Forbids(string rule) => rule is Red or PapRed;

    /// <summary>Why <paramref name="peer"/> may not be a recipient, as a resource key, or null when it may.</summary>
    public static string? Hinders(Marking marking, Peer peer) => peer switch
    {
        _ when marking.Tlp == Tlp.Red => Red,
        _ when marking.Pap == Pap.Red => PapRed,
        { RemovedAt: not null } or { Trust: not "trusted" } => "uplink.hinder.trust",
        _ when marking.Tlp > peer.CeilingTlp => "uplink.hinder.ceiling",
        { TakesExercises: false } when marking.Exercise => "uplink.hinder.exercise",
        _ => null,
    };
}
