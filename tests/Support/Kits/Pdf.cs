using System.Diagnostics;

namespace Appliance.Tests;

/// <summary>Reads what was printed, with poppler.</summary>
public static class Pdf
{
    /// <summary>The words of a PDF in their places; form feeds end pages. Throws when the file is none.</summary>
    public static async Task<string> TextAsync(string file)
    {
        using var process = Process.Start(new ProcessStartInfo("pdftotext", ["-layout", file, "-"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? text : throw new InvalidDataException($"{file} is no PDF: {await said}");
    }
}
