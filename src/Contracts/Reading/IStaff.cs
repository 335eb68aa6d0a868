namespace Appliance.Contracts;

/// <summary>The people of the team, for whoever hands work to a colleague. Safe from any thread.</summary>
public interface IStaff
{
    /// <summary>Active people of the team (not of constituents) who hold <paramref name="permission"/>, by name. Empty for a viewer of a constituent.</summary>
    Task<IReadOnlyList<StaffCard>> WhoMayAsync(Viewer viewer, Permission permission, CancellationToken cancel);
}

/// <summary>A colleague.</summary>
/// <param name="Id">The person.</param>
/// <param name="Name">Shown to colleagues.</param>
/// <param name="LogIn">The name used to log in; also how a note mentions the person.</param>
/// <param name="ReadsUpTo">The most restrictive label the person may read unnamed.</param>
public sealed record StaffCard(UserId Id, string Name, string LogIn, Tlp ReadsUpTo)
{
    /// <summary>True when a record so marked may be shown to this person.</summary>
    public bool MayRead(Marking marking) => (marking.Tlp != Tlp.Red && marking.Tlp <= ReadsUpTo) || (marking.Named ?? []).Contains(Id);
}
