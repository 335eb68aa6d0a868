using System.Text.Json;
using Appliance.Host.Web;

namespace Appliance.Host.Api;

/// <summary>Takes the browser's reports of policy violations (at most 8 KiB) and logs their three fields.</summary>
internal static class CspReport
{
    private const int MaxBytes = 8 * 1024;

    public static async Task<IResult> TakeAsync(HttpRequest request, ILogger<SecurityHeaders> log, CancellationToken cancel)
    {
        var buffer = new byte[MaxBytes];
        var length = await request.Body.ReadAtLeastAsync(buffer, MaxBytes, throwOnEndOfStream: false, cancel);
        try
        {
            using var document = JsonDocument.Parse(buffer.AsMemory(0, length), new JsonDocumentOptions { MaxDepth = 8 });
            var report = document.RootElement.GetProperty("csp-report");
            HostLog.PolicyViolated(log, Field(report, "effective-directive"), Field(report, "blocked-uri"), Field(report, "document-uri"));
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Results.BadRequest();
        }
        return Results.NoContent();
    }

    private static string Field(JsonElement report, string name)
    {
        var text = report.TryGetProperty(name, out var value) ? value.ToString() : "";
        return string.Concat(text.Where(c => !char.IsControl(c)).Take(200));
    }
}
