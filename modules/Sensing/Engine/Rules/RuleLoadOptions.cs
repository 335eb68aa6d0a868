namespace Appliance.Sensing.Engine.Rules;

/// <summary>What the configuration says about loading rules.</summary>
internal sealed record RuleLoadOptions
{
    /// <summary>Sets that the rules share; one table per rule set.</summary>
    public DatasetTable Datasets { get; init; } = new();

    public Reputation Reputation { get; init; } = new();

    /// <summary>Rules may read files by any path: only where the person who starts the engine names the rules as well.</summary>
    public bool FilesAnywhere { get; init; }

    /// <summary>The folder beside whose files a rule may name others, where faults call the rules by another name than their path; null: each rule's own folder.</summary>
    public string? Beside { get; init; }

    /// <summary>Where sets that rules fill are kept between runs.</summary>
    public string DataFolder { get; init; } = ".";

    /// <summary>A file the rules may write: always below the data folder, whatever the rule says.</summary>
    public string DataPath(string name)
    {
        string root = Path.GetFullPath(DataFolder), full = Path.GetFullPath(Path.Combine(root, name));
        if (!full.StartsWith(root.EndsWith('/') ? root : root + "/", StringComparison.Ordinal)) throw new RuleException("dataset", $"\"{name}\" lies outside the data folder");
        return full;
    }

    /// <summary>Where compiled patterns are kept from one start to the next; null: nowhere.</summary>
    public string? CacheFolder { get; init; }

    public bool IgnoreUnknownRequirements { get; init; }

    /// <summary>Which actions come first, as the configuration's action-order lists them.</summary>
    public IReadOnlyList<RuleAction> ActionOrder { get; init; } = [RuleAction.Pass, RuleAction.Drop, RuleAction.Reject, RuleAction.Alert];
}
