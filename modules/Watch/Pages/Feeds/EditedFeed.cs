using System.Text.Json;
using Appliance.Contracts;
using Appliance.Ui;
using Appliance.Watch.Feeds;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Pages.Feeds;

/// <summary>The fields of a source while a person edits them.</summary>
public sealed class EditedFeed
{
    /// <summary>Null for a new one.</summary>
    public Guid? Id { get; init; }

    /// <summary>The version the editor saw.</summary>
    public int Version { get; init; }

    /// <summary>Name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Address.</summary>
    public string Url { get; set; } = "";

    /// <summary>syndication, csv, carried.</summary>
    public string Kind { get; set; } = "syndication";

    /// <summary>Minutes between two looks.</summary>
    public int EveryMinutes { get; set; } = 60;

    /// <summary>Marking of its items.</summary>
    public Tlp Tlp { get; set; }

    /// <summary>Column of the title, by name or number.</summary>
    public string TitleColumn { get; set; } = "";

    /// <summary>Column of the text.</summary>
    public string SummaryColumn { get; set; } = "";

    /// <summary>Column of the link.</summary>
    public string LinkColumn { get; set; } = "";

    /// <summary>Column of the date.</summary>
    public string PublishedColumn { get; set; } = "";

    /// <summary>Column of the identity.</summary>
    public string IdColumn { get; set; } = "";

    /// <summary>One character, or empty to find it.</summary>
    public string Delimiter { get; set; } = "";

    /// <summary>True when the first line names the columns.</summary>
    public bool HasHeader { get; set; } = true;

    internal FeedFields Fields() => new()
    {
        Name = Name,
        Url = Url,
        Kind = Kind,
        EveryMinutes = EveryMinutes,
        Tlp = Tlp,
        Mapping = new() { Title = TitleColumn, Summary = SummaryColumn, Link = LinkColumn, Published = PublishedColumn, Id = IdColumn, Delimiter = Delimiter, HasHeader = HasHeader },
    };

    internal static EditedFeed Of(FeedLine line)
    {
        var fields = line.Fields();
        return new()
        {
            Id = line.Id,
            Version = line.Version,
            Name = fields.Name,
            Url = fields.Url,
            Kind = fields.Kind,
            EveryMinutes = fields.EveryMinutes,
            Tlp = fields.Tlp,
            TitleColumn = fields.Mapping.Title,
            SummaryColumn = fields.Mapping.Summary,
            LinkColumn = fields.Mapping.Link,
            PublishedColumn = fields.Mapping.Published,
            IdColumn = fields.Mapping.Id,
            Delimiter = fields.Mapping.Delimiter,
            HasHeader = fields.Mapping.HasHeader,
        };
    }
}

/// <summary>Why a carried file was refused, in the reader's language.</summary>
internal static class CarriedProblem
{
    public static string Of(UploadAnswer answer)
    {
        try
        {
            using var body = JsonDocument.Parse(answer.Body);
            return body.RootElement.TryGetProperty("title", out var title) ? title.GetString() ?? "" : $"HTTP {answer.Status}";
        }
        catch (JsonException)
        {
            return $"HTTP {answer.Status}";
        }
    }
}
