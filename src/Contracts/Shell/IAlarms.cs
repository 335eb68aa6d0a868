namespace Appliance.Contracts;

/// <summary>What everybody at the console must know now, drawn above every page. Held in memory, so that it can be told without the database; safe from any thread.</summary>
public interface IAlarms
{
    /// <summary>The alarms in force, the oldest first.</summary>
    IReadOnlyList<Alarm> Current { get; }

    /// <summary>Raised on any thread when <see cref="Current"/> changed. Handlers must be quick and must not throw.</summary>
    event Action Changed;
}

/// <summary>Something is wrong with the box itself.</summary>
/// <param name="Id">Names it for as long as it lasts; also the resource key of its sentence, which says what is wrong, what still works and what to do.</param>
/// <param name="Since">When it began, UTC.</param>
/// <param name="Arguments">For the sentence. Nothing secret: everybody who is signed in reads it.</param>
public sealed record Alarm(string Id, DateTimeOffset Since, params IReadOnlyList<object> Arguments);
