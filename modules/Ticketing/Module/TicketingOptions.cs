using System.Globalization;
using System.Net;
using Appliance.Kernel.Http;

namespace Appliance.Ticketing;

/// <summary>Settings of ticketing, section <c>ticketing</c>.</summary>
internal sealed record TicketingOptions
{
    /// <summary>Minutes until a new incident must be taken up, by severity 1 to 4.</summary>
    public int[] TakeUpMinutes { get; init; } = [15, 60, 240, 1440];

    /// <summary>Hours until the next word on an incident at work, by severity 1 to 4.</summary>
    public int[] UpdateHours { get; init; } = [1, 4, 24, 120];

    /// <summary>Hours until an incident must be resolved, by severity 1 to 4.</summary>
    public int[] ResolveHours { get; init; } = [24, 72, 240, 720];

    /// <summary>Days on which the team works, in English: monday to sunday. Empty: round the clock.</summary>
    public string[] WorkDays { get; init; } = [];

    /// <summary>Local time at which work begins, 24-hour clock.</summary>
    public string WorkFrom { get; init; } = "08:00";

    /// <summary>Local time at which work ends; one before the beginning is on the next day.</summary>
    public string WorkTo { get; init; } = "16:00";

    /// <summary>Time zone of the working hours, for example <c>Africa/Nairobi</c>.</summary>
    public string WorkZone { get; init; } = "UTC";

    /// <summary>Days on which nobody works, as year-month-day.</summary>
    public string[] Holidays { get; init; } = [];

    /// <summary>Severities whose clocks run round the clock whatever the working hours are.</summary>
    public int[] RoundTheClock { get; init; } = [1, 2];

    /// <summary>Seconds in which a sent message can be taken back.</summary>
    public int RecallSeconds { get; init; } = 10;

    /// <summary>Largest file that is kept as evidence, in MiB.</summary>
    public int EvidenceLimitMib { get; init; } = 2048;

    /// <summary>Days after an incident was closed on which its evidence is destroyed; its custody stays. 0: never.</summary>
    public int EvidenceDaysAfterClose { get; init; }

    /// <summary>Largest size of the files of one outgoing message together, in MiB.</summary>
    public int MailFilesLimitMib { get; init; } = 10;

    /// <summary>The same in bytes.</summary>
    internal long MailFilesBytes => (long)MailFilesLimitMib << 20;

    /// <summary>Look-ups outside about the traces of incidents.</summary>
    public LookupOptions Lookups { get; init; } = new();

    /// <summary>Everything wrong with the settings.</summary>
    public static IEnumerable<string> Faults(TicketingOptions options)
    {
        if (options.TakeUpMinutes.Length != 4 || options.TakeUpMinutes.Any(m => m < 1))
            yield return "ticketing:takeUpMinutes needs four numbers of minutes, one for each severity from 1 to 4, each at least 1. Write for example [15, 60, 240, 1440].";
        if (options.UpdateHours.Length != 4 || options.UpdateHours.Any(h => h < 1))
            yield return "ticketing:updateHours needs four numbers of hours, one for each severity from 1 to 4, each at least 1. Write for example [1, 4, 24, 120].";
        if (options.ResolveHours.Length != 4 || options.ResolveHours.Any(h => h is < 1 or > 8760))
            yield return "ticketing:resolveHours needs four numbers of hours, one for each severity from 1 to 4, each 1 to 8760. Write for example [24, 72, 240, 720].";
        if (options.RecallSeconds is < 0 or > 600)
            yield return $"ticketing:recallSeconds is {options.RecallSeconds}. Choose 0 to 600.";
        if (options.EvidenceLimitMib is < 1 or > 65536)
            yield return $"ticketing:evidenceLimitMib is {options.EvidenceLimitMib}. Choose 1 to 65536.";
        if (options.MailFilesLimitMib is < 1 or > 50)
            yield return $"ticketing:mailFilesLimitMib is {options.MailFilesLimitMib}. Choose 1 to 50; most mail servers refuse more than 20.";
        if (options.EvidenceDaysAfterClose is < 0 or > 36500)
            yield return $"ticketing:evidenceDaysAfterClose is {options.EvidenceDaysAfterClose}. Choose 0 for never, or up to 36500.";
        foreach (var day in options.WorkDays.Where(d => !Enum.TryParse<DayOfWeek>(d, ignoreCase: true, out _) || char.IsAsciiDigit(d.FirstOrDefault())))
            yield return $"ticketing:workDays names '{day}', which is no day of the week. Write for example [\"monday\", \"tuesday\"].";
        foreach (var (name, time) in new[] { ("workFrom", options.WorkFrom), ("workTo", options.WorkTo) })
            if (!TimeOnly.TryParseExact(time, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
                yield return $"ticketing:{name} is '{time}', which is no time of day. Write hours and minutes, for example 08:00.";
        if (options.WorkFrom == options.WorkTo)
            yield return $"ticketing:workFrom and ticketing:workTo are both '{options.WorkFrom}', which leaves no working time. Leave workDays empty to work round the clock.";
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(options.WorkZone, out _))
            yield return $"ticketing:workZone is '{options.WorkZone}', which is no time zone known here. Write for example Africa/Nairobi.";
        foreach (var day in options.Holidays.Where(h => !DateOnly.TryParseExact(h, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)))
            yield return $"ticketing:holidays names '{day}', which is no date. Write year-month-day, for example 2026-12-25.";
        foreach (var severity in options.RoundTheClock.Where(s => s is < 1 or > 4))
            yield return $"ticketing:roundTheClock names severity {severity}. Choose from 1 to 4.";
        foreach (var fault in LookupOptions.Faults(options.Lookups))
            yield return fault;
    }
}

/// <summary>Look-ups that leave the box, section <c>ticketing:lookups</c>.</summary>
internal sealed record LookupOptions
{
    /// <summary>False: nothing is asked outside, whatever the marking allows.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Where the lists lie that say which registry knows what (RFC 9224): dns.json, ipv4.json, ipv6.json and asn.json.</summary>
    public string RdapBootstrap { get; init; } = "https://data.iana.org/rdap/";

    /// <summary>Addresses of the resolvers that are asked, each with or without a port; empty: those of the machine.</summary>
    public string[] Resolvers { get; init; } = [];

    /// <summary>Hours for which an answer counts as known and is not asked for again.</summary>
    public int KeepHours { get; init; } = 24;

    /// <summary>Everything wrong with the settings.</summary>
    public static IEnumerable<string> Faults(LookupOptions options)
    {
        if (OutgoingHttp.FaultOf(options.RdapBootstrap) is not null || !options.RdapBootstrap.EndsWith('/'))
            yield return $"ticketing:lookups:rdapBootstrap is '{options.RdapBootstrap}'. Write an http or https address that ends in a slash.";
        foreach (var resolver in options.Resolvers.Where(static r => !IPEndPoint.TryParse(r, out _)))
            yield return $"ticketing:lookups:resolvers names '{resolver}'. Write an address, with a port where it is not 53, for example 192.0.2.53.";
        if (options.KeepHours is < 0 or > 720)
            yield return $"ticketing:lookups:keepHours is {options.KeepHours}. Choose 0 to 720.";
    }
}
