using System.Collections;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>The rules in force by place. Those of a kept set are read when they are first asked for: of tens of thousands, traffic ever asks for a few hundred.</summary>
internal sealed class RuleTable : IReadOnlyCollection<Rule>
{
    private readonly Rule?[] _rules;
    private readonly Func<int, Rule>? _read;
    private readonly Lock _gate = new();

    public RuleTable(Rule[] rules) => _rules = rules;

    /// <param name="count">How many there are.</param>
    /// <param name="read">Reads the rule at a place; called once for each, by one thread at a time.</param>
    public RuleTable(int count, Func<int, Rule> read)
    {
        _rules = new Rule?[count];
        _read = read;
    }

    public int Length => _rules.Length;

    public int Count => _rules.Length;

    /// <summary>How many have been read.</summary>
    public int Ready => _rules.Count(r => r != null);

    public Rule this[int place] => Volatile.Read(ref _rules[place]) ?? Read(place);

    public IEnumerator<Rule> GetEnumerator()
    {
        for (int i = 0; i < _rules.Length; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private Rule Read(int place)
    {
        lock (_gate)
        {
            if (_rules[place] is { } made) return made;
            Rule rule = _read!(place);
            Volatile.Write(ref _rules[place], rule);
            return rule;
        }
    }
}
