using Appliance.Contracts;

namespace Appliance.Kernel.Recents;

/// <summary>What a query says of one thing: <c>path, title, tlp, pap, exercise</c>.</summary>
public sealed class ThingRow
{
    /// <summary>Its page.</summary>
    public string Path { get; init; } = "";

    /// <summary>Number and title.</summary>
    public string Title { get; init; } = "";

    /// <summary>Marking.</summary>
    public short Tlp { get; init; }

    /// <summary>Marking.</summary>
    public short Pap { get; init; }

    /// <summary>True for an exercise.</summary>
    public bool Exercise { get; init; }

    /// <summary>The thing, as what <paramref name="kindKey"/> names.</summary>
    public Thing Of(string kindKey) => new(Path, kindKey, Title, new Marking((Tlp)Tlp, (Pap)Pap, Exercise));
}
