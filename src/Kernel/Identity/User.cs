using Appliance.Contracts;

namespace Appliance.Kernel.Identity;

/// <summary>A person who may log in, as stored. Mutable because the framework's user manager changes it before storing.</summary>
internal sealed class User
{
    public UserId Id { get; set; } = UserId.New();

    public string Name { get; set; } = "";

    public string NormalName { get; set; } = "";

    public string DisplayName { get; set; } = "";

    public string Mail { get; set; } = "";

    public string NormalMail { get; set; } = "";

    public string? PasswordHash { get; set; }

    public string SecurityStamp { get; set; } = "";

    /// <summary>The shared secret of the authenticator, protected by the appliance's keys.</summary>
    public string? TotpSecret { get; set; }

    public bool TotpEnabled { get; set; }

    /// <summary>The last time step whose code was used: no code works twice.</summary>
    public long TotpStep { get; set; }

    public string State { get; set; } = UserState.Invited;

    public ConstituentId? Constituent { get; set; }

    public short ReadsUpTo { get; set; } = (short)Tlp.AmberStrict;

    public string Language { get; set; } = "en";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastLogInAt { get; set; }
}

/// <summary>The states of a person's account.</summary>
internal static class UserState
{
    public const string Invited = "invited";
    public const string Active = "active";
    public const string Locked = "locked";
}
