using System.Text.Json;
using Appliance.Ui;

namespace Appliance.Directories.Pages.Import;

/// <summary>What the upload's endpoint said. Its refusals stand beside the file already.</summary>
internal static class ImportAnswer
{
    /// <summary>The import's id, or nothing where the file was refused.</summary>
    public static Guid? IdIn(UploadAnswer answer)
    {
        if (!answer.Succeeded)
            return null;
        using var body = JsonDocument.Parse(answer.Body);
        return body.RootElement.GetProperty("id").GetGuid();
    }
}
