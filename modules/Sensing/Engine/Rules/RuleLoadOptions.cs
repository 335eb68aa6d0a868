namespace Appliance.Sensing.Engine.Rules;

/// <summary>What the configuration says about loading rules.</summary>
internal sealed record RuleLoadOptions
{
    public bool IgnoreUnknownRequirements { get; init; }

    /// <summary>Which actions come first, as the configuration's action-order lists them.</summary>
    public IReadOnlyList<RuleAction> ActionOrder { get; init; } = [RuleAction.Pass, RuleAction.Drop, RuleAction.Reject, RuleAction.Alert];
}
