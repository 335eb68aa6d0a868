using System.Text.Json;
using Appliance.Ui;

namespace Appliance.Directories.Pages.Import;

/// <summary>What the upload's endpoint said: the import's id, or the problem in the reader's language.</summary>
internal static class ImportAnswer
{
    public static (string? Problem, Guid? Id) Read(UploadAnswer answer)
    {
        try
        {
            using var body = JsonDocument.Parse(answer.Body);
            if (answer.Succeeded && body.RootElement.TryGetProperty("id", out var id) && id.TryGetGuid(out var import))
                return (null, import);
            return (body.RootElement.TryGetProperty("title", out var title) ? title.GetString() : $"HTTP {answer.Status}", null);
        }
        catch (JsonException)
        {
            return ($"HTTP {answer.Status}", null);
        }
    }
}
