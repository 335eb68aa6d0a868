using System.Diagnostics;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>
/// What each rule costs one worker, by sample: of every <see cref="EveryNth"/> packets one is timed, rule by rule. Only the worker writes; others read what may be a
/// moment old. Two numbers a rule and one for its matches, made with the rule set and never again.
/// </summary>
internal sealed class RuleCosts(RuleSet rules)
{
    /// <summary>Of so many packets one is timed. A power of two.</summary>
    public const int EveryNth = 64;

    private readonly long[] _checks = new long[rules.Rules.Length];
    private readonly long[] _ticks = new long[rules.Rules.Length];
    private readonly long[] _matches = new long[rules.Rules.Length];
    private long _packets;

    public RuleSet Rules { get; } = rules;

    /// <summary>Packets that were timed.</summary>
    public long Packets => Volatile.Read(ref _packets);

    public void Packet() => _packets++;

    public void Match(int rule) => _matches[rule]++;

    /// <param name="rule">Its place.</param>
    /// <param name="started">When its check began, as <see cref="Stopwatch.GetTimestamp"/> says.</param>
    public void Add(int rule, long started)
    {
        _ticks[rule] += Stopwatch.GetTimestamp() - started;
        _checks[rule]++;
    }

    /// <summary>The dearest rules of several workers together, and what all rules cost in the sample.</summary>
    public static (IReadOnlyList<RuleCost> Dearest, long Micros) Sum(IReadOnlyList<RuleCosts> workers, int most)
    {
        if (workers.Count == 0) return ([], 0);
        var all = new List<(int Place, long Checks, long Ticks, long Matches)>();
        long ticks = 0;
        for (int i = 0; i < workers[0]._checks.Length; i++)
        {
            (long Checks, long Ticks, long Matches) sum = default;
            foreach (RuleCosts one in workers) sum = (sum.Checks + one._checks[i], sum.Ticks + one._ticks[i], sum.Matches + one._matches[i]);
            if (sum.Checks == 0) continue;
            ticks += sum.Ticks;
            all.Add((i, sum.Checks, sum.Ticks, sum.Matches));
        }
        RuleTable rules = workers[0].Rules.Rules;
        return ([.. all.OrderByDescending(r => r.Ticks).ThenBy(r => r.Place).Take(most).Select(r => new RuleCost(rules[r.Place].Gid, rules[r.Place].Sid, r.Checks, r.Matches, Micros(r.Ticks)))], Micros(ticks));
    }

    private static long Micros(long ticks) => (long)(ticks * 1e6 / Stopwatch.Frequency);
}

/// <summary>One rule's share of the sample.</summary>
/// <param name="Gid">Generator.</param>
/// <param name="Sid">Signature.</param>
/// <param name="Checks">How often it was looked at beyond the pattern search.</param>
/// <param name="Matches">How often it held.</param>
/// <param name="Micros">Microseconds that took.</param>
internal sealed record RuleCost(uint Gid, uint Sid, long Checks, long Matches, long Micros);
