using System.Globalization;
using System.Net;
using Appliance.Kernel.Data;
using MaxMind.Db;
using Microsoft.Extensions.Logging;

namespace Appliance.Ticketing.Lookups;

/// <summary>A table of places that lies in the box.</summary>
/// <param name="File">Its name in the folder.</param>
/// <param name="Type">What it calls itself.</param>
/// <param name="BuiltAt">When it was made.</param>
/// <param name="Fault">Why it cannot be used; null when it can.</param>
internal sealed record PlaceTable(string File, string Type, DateTimeOffset? BuiltAt, string? Fault);

/// <summary>
/// Country and autonomous system of addresses, from tables in MaxMind's format (<c>*.mmdb</c>) in the folder <c>places</c> of the data folder: nothing leaves the box for it, so every marking
/// allows it. A table put there or replaced is taken up within a minute. Thread-safe.
/// </summary>
internal sealed class LocalPlaces(DataFolder data, TimeProvider time, ILogger<LocalPlaces> log) : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private List<(PlaceTable Table, Reader? Reader)> _tables = [];
    private DateTimeOffset _lookedAt = DateTimeOffset.MinValue;
    private string _seen = "";

    /// <summary>Where the tables lie.</summary>
    public string Folder { get; } = Path.Combine(data.Root, "places");

    /// <summary>What is there.</summary>
    public IReadOnlyList<PlaceTable> Tables
    {
        get
        {
            lock (_gate)
                return [.. Current().Select(static t => t.Table)];
        }
    }

    /// <summary>What the tables say of <paramref name="address"/>; empty for none.</summary>
    public IReadOnlyList<LookupFact> Find(IPAddress address)
    {
        var facts = new List<LookupFact?>();
        lock (_gate)
        {
            foreach (var (table, reader) in Current())
            {
                if (reader is null)
                    continue;
                try
                {
                    if (reader.Find<Dictionary<string, object>>(address) is { } entry)
                        Read(entry, facts);
                }
                catch (Exception fault) when (fault is InvalidDatabaseException or DeserializationException)
                {
                    Log.PlaceTableFailed(log, table.File, fault.Message);
                }
            }
        }
        return [.. facts.OfType<LookupFact>().DistinctBy(static f => f.Key)];
    }

    /// <summary>Looks again at the next question.</summary>
    public void Forget()
    {
        lock (_gate)
            _lookedAt = DateTimeOffset.MinValue;
    }

    public void Dispose()
    {
        foreach (var (_, reader) in _tables)
            reader?.Dispose();
    }

    /// <summary>Names of the fields as MaxMind, DB-IP and IPinfo write them.</summary>
    private static void Read(Dictionary<string, object> entry, List<LookupFact?> facts)
    {
        facts.Add(LookupFact.Of("country", Text(entry.GetValueOrDefault("country") is Dictionary<string, object> country ? country.GetValueOrDefault("iso_code") : entry.GetValueOrDefault("country_code") ?? entry.GetValueOrDefault("country"))));
        var number = Text(entry.GetValueOrDefault("autonomous_system_number") ?? entry.GetValueOrDefault("asn"));
        facts.Add(LookupFact.Of("as", number is null || number.StartsWith("AS", StringComparison.Ordinal) ? number : $"AS{number}"));
        facts.Add(LookupFact.Of("as-name", Text(entry.GetValueOrDefault("autonomous_system_organization") ?? entry.GetValueOrDefault("as_name"))));
    }

    private static string? Text(object? value) => value is string or long or ulong or int or uint ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;

    private List<(PlaceTable Table, Reader? Reader)> Current()
    {
        var now = time.GetUtcNow();
        if (now - _lookedAt < s_look)
            return _tables;
        _lookedAt = now;
        var files = Directory.Exists(Folder) ? new DirectoryInfo(Folder).GetFiles("*.mmdb").OrderBy(static f => f.Name, StringComparer.Ordinal).ToArray() : [];
        var seen = string.Join('|', files.Select(static f => $"{f.Name}:{f.Length}:{f.LastWriteTimeUtc.Ticks}"));
        if (seen == _seen)
            return _tables;
        Dispose();
        _tables = [.. files.Select(Open)];
        _seen = seen;
        return _tables;
    }

    private (PlaceTable Table, Reader? Reader) Open(FileInfo file)
    {
        try
        {
            var reader = new Reader(file.FullName, FileAccessMode.MemoryMapped);
            return (new(file.Name, reader.Metadata.DatabaseType, new DateTimeOffset(DateTime.SpecifyKind(reader.Metadata.BuildDate, DateTimeKind.Utc)), null), reader);
        }
        catch (Exception fault) when (fault is InvalidDatabaseException or IOException or UnauthorizedAccessException)
        {
            Log.PlaceTableFailed(log, file.Name, fault.Message);
            return (new(file.Name, "", null, fault.Message), null);
        }
    }
}
