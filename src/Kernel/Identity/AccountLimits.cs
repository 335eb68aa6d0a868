using Appliance.Contracts;
using Appliance.Kernel.Settings;

namespace Appliance.Kernel.Identity;

/// <summary>The limits of log-ins and who must have a second factor, as the configuration starts them and the settings page changes them.</summary>
/// <remarks>A setting outside its bounds counts as the bound: nobody sets a log-in that never ends.</remarks>
internal sealed class AccountLimits(ISettings settings, KernelOptions options)
{
    public const string IdleKey = "accounts.idle-minutes";
    public const string AdministratorIdleKey = "accounts.administrator-idle-minutes";
    public const string HoursKey = "accounts.session-hours";
    public const string FactorKey = "accounts.second-factor";

    /// <summary>Everyone, not only who administers.</summary>
    public const string Everyone = "everyone";

    public const int ShortestIdle = 5;
    public const int LongestIdle = 720;
    public const int LongestHours = 24;

    /// <summary>Whoever holds one of these administers the box.</summary>
    private static readonly string[] s_administers =
        [KernelPermissions.ManageUsers.Id, KernelPermissions.ManageTokens.Id, KernelPermissions.ManageSettings.Id];

    public static bool Administers(IReadOnlySet<string> permissions) => Array.Exists(s_administers, permissions.Contains);

    public async ValueTask<TimeSpan> IdleAsync(bool administers, CancellationToken cancel)
    {
        var minutes = administers
            ? await settings.FindAsync<int?>(AdministratorIdleKey, cancel) ?? options.AdministratorIdleMinutes
            : await settings.FindAsync<int?>(IdleKey, cancel) ?? options.IdleMinutes;
        return TimeSpan.FromMinutes(Math.Clamp(minutes, ShortestIdle, LongestIdle));
    }

    public async ValueTask<TimeSpan> LongestAsync(CancellationToken cancel) =>
        TimeSpan.FromHours(Math.Clamp(await settings.FindAsync<int?>(HoursKey, cancel) ?? options.SessionHours, 1, LongestHours));

    /// <summary>True where a person with these rights may do nothing before there is a second factor. The local trial with the sample country asks nobody for one.</summary>
    public async ValueTask<bool> DemandsFactorAsync(IReadOnlySet<string> permissions, CancellationToken cancel)
    {
        if (options.PlainLoopback && await settings.FindAsync<bool>(SettingKeys.SamplePresent, cancel))
            return false;
        return Administers(permissions) || await IsForEveryoneAsync(cancel);
    }

    public async ValueTask<bool> IsForEveryoneAsync(CancellationToken cancel) => await settings.FindAsync<string>(FactorKey, cancel) == Everyone;

    /// <summary>What is wrong with limits as typed.</summary>
    public static IReadOnlyList<Refusal> Check(int idle, int administratorIdle, int hours)
    {
        var refusals = new List<Refusal>();
        if (idle is < ShortestIdle or > LongestIdle || administratorIdle is < ShortestIdle or > LongestIdle)
            refusals.Add(Refuse.Invalid("kernel.limits.idle", null, ShortestIdle, LongestIdle));
        if (hours is < 1 or > LongestHours)
            refusals.Add(Refuse.Invalid("kernel.limits.hours", null, LongestHours));
        return refusals;
    }
}
