using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Mail.Parse;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Print;

/// <summary><c>cirt print</c>: a document from standard input becomes PDF on standard output, in a process that holds no secret and may be killed at any time.</summary>
public sealed class PrintVerb : IVerb
{
    /// <summary>A document may have so many bytes.</summary>
    internal const int MostBytes = 32 * 1024 * 1024;

    private const int Seconds = 60, Megabytes = 1024;

    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    /// <inheritdoc/>
    public string Name => "print";

    /// <inheritdoc/>
    public string Summary => "print a document (JSON) from standard input as PDF to standard output; the host runs it";

    /// <inheritdoc/>
    public bool NeedsServices => false;

    /// <inheritdoc/>
    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        if (Pango.Missing.Count > 0)
        {
            await io.Error.WriteLineAsync($"{string.Join(", ", Pango.Missing)} is missing, so nothing can be printed. Install it with: apt-get install libpangocairo-1.0-0 fonts-noto-core fonts-droid-fallback");
            return 69;
        }
        var missing = Confinement.Apply(Seconds, Megabytes);
        if (missing.Length > 0)
            await io.Error.WriteLineAsync($"cirt print could not restrict: {missing}. It goes on; the kernel of this machine is older than the appliance expects.");
        try
        {
            var document = JsonSerializer.Deserialize<PrintDocument>(await ReadAsync(cancel), Json) ?? throw new InvalidDataException("it holds no document");
            await using var target = new BufferedStream(Console.OpenStandardOutput(), 64 * 1024);
            PagePainter.Paint(document, target);
            return 0;
        }
        catch (Exception fault) when (fault is JsonException or InvalidDataException or NotSupportedException)
        {
            await io.Error.WriteLineAsync($"the document cannot be printed: {fault.Message}");
            return 65;
        }
    }

    private static async Task<byte[]> ReadAsync(CancellationToken cancel)
    {
        using var document = new MemoryStream();
        await using var source = Console.OpenStandardInput();
        var buffer = new byte[81920];
        int read;
        while ((read = await source.ReadAsync(buffer, cancel)) > 0)
        {
            document.Write(buffer, 0, read);
            if (document.Length > MostBytes)
                throw new InvalidDataException($"it has more than {MostBytes} bytes");
        }
        return document.ToArray();
    }
}
