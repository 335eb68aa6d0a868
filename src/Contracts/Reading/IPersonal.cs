namespace Appliance.Contracts;

/// <summary>What the console remembers about how one person works. Changes nothing for anybody else, so it stands in no audit trail. Safe from any thread.</summary>
public interface IPersonal
{
    /// <summary>The time zone in which the person reads times; UTC where none was chosen.</summary>
    Task<TimeZoneInfo> ZoneAsync(Viewer viewer, CancellationToken cancel);

    /// <summary>Keeps the zone; an unknown name becomes UTC.</summary>
    Task KeepZoneAsync(Viewer viewer, string zone, CancellationToken cancel);

    /// <summary>What was kept under <paramref name="key"/>, or null.</summary>
    Task<string?> RecallAsync(Viewer viewer, string key, CancellationToken cancel);

    /// <summary>Keeps a short value; null forgets it. A key or value of more than 200 characters is not kept.</summary>
    Task KeepAsync(Viewer viewer, string key, string? value, CancellationToken cancel);
}
