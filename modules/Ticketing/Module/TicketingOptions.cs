namespace Appliance.Ticketing;

/// <summary>Settings of ticketing, section <c>ticketing</c>.</summary>
internal sealed record TicketingOptions
{
    /// <summary>Minutes until a new incident must be taken up, by severity 1 to 4.</summary>
    public int[] TakeUpMinutes { get; init; } = [15, 60, 240, 1440];

    /// <summary>Hours until the next word on an incident at work, by severity 1 to 4.</summary>
    public int[] UpdateHours { get; init; } = [1, 4, 24, 120];

    /// <summary>Seconds in which a sent message can be taken back.</summary>
    public int RecallSeconds { get; init; } = 10;

    /// <summary>Everything wrong with the settings.</summary>
    public static IEnumerable<string> Faults(TicketingOptions options)
    {
        if (options.TakeUpMinutes.Length != 4 || options.TakeUpMinutes.Any(m => m < 1))
            yield return "ticketing:takeUpMinutes needs four numbers of minutes, one for each severity from 1 to 4, each at least 1. Write for example [15, 60, 240, 1440].";
        if (options.UpdateHours.Length != 4 || options.UpdateHours.Any(h => h < 1))
            yield return "ticketing:updateHours needs four numbers of hours, one for each severity from 1 to 4, each at least 1. Write for example [1, 4, 24, 120].";
        if (options.RecallSeconds is < 0 or > 600)
            yield return $"ticketing:recallSeconds is {options.RecallSeconds}. Choose 0 to 600.";
    }
}
