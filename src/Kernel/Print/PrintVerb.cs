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

    private static readonly JsonSerializerOptions s_strict = new(Json) { RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    private static readonly IReadOnlyList<string> s_needed = [.. typeof(PrintDocument).GetConstructors().MaxBy(c => c.GetParameters().Length)!.GetParameters().Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name!))];

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
            var document = Read(await ReadAsync(cancel));
            await using var target = new BufferedStream(Console.OpenStandardOutput(), 64 * 1024);
            PagePainter.Paint(document, target);
            return 0;
        }
        catch (InvalidDataException fault)
        {
            await io.Error.WriteLineAsync($"the document cannot be printed: {fault.Message}");
            return 65;
        }
    }

    /// <summary>The document that <paramref name="bytes"/> are; else says in words what is missing or where it is wrong.</summary>
    internal static PrintDocument Read(byte[] bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException("it holds no document, which is a JSON object");
            var missing = s_needed.Where(n => !json.RootElement.TryGetProperty(n, out var value) || value.ValueKind == JsonValueKind.Null).ToList();
            return missing.Count > 0 ? throw new InvalidDataException($"it lacks {string.Join(", ", missing)}") : json.Deserialize<PrintDocument>(s_strict)!;
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException(fault is { LineNumber: { } line, BytePositionInLine: { } at, Path: null } ? $"it is no JSON from line {line + 1}, byte {at + 1} on" : $"what stands at {fault.Path ?? "$"} lacks something or is of another kind than it should be", fault);
        }
        catch (NotSupportedException fault)
        {
            throw new InvalidDataException("one of its blocks does not say its kind", fault);
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
