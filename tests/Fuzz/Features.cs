namespace Appliance.Fuzz;

/// <summary>What an input made the program do, as numbers: an input that adds one is kept and changed further.</summary>
internal sealed class Features
{
    private readonly HashSet<int> _seen = [];

    /// <summary>Did the last input show anything for the first time?</summary>
    public bool IsNew { get; private set; }

    public int Total => _seen.Count;

    public void Begin() => IsNew = false;

    public void Add(int feature)
    {
        if (_seen.Add(feature)) IsNew = true;
    }

    /// <summary>A count by its magnitude.</summary>
    public void Count(string what, long count)
    {
        if (count > 0) Add(HashCode.Combine(what, long.Log2(count)));
    }
}
