using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Mail.Parse;

/// <summary><c>cirt parse</c>: reads hostile documents, in a process that holds no secret and may be killed at any time.</summary>
/// <remarks>
/// Without argument it answers framed requests until its input ends. <c>--mail</c>, <c>--observables</c> and <c>--xarf</c> read one document from standard input and print JSON.
/// </remarks>
public sealed class ParseVerb : IVerb
{
    /// <summary>Memory that a parser may take. The message, its decoded parts and the runtime fit; a bomb does not.</summary>
    private const int DataMegabytes = 1024;

    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 128,
    };

    /// <inheritdoc/>
    public string Name => "parse";

    /// <inheritdoc/>
    public string Summary => "parse a document from standard input: --mail, --observables or --xarf; framed requests without argument";

    /// <inheritdoc/>
    public bool NeedsServices => false;

    /// <inheritdoc/>
    public async Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel)
    {
        var mode = input.Arguments.Count == 0 ? "--frames" : input.Arguments[0];
        var keys = input.Arguments is ["--mail", "--keys", var folder] ? folder : null;
        if (mode is not ("--frames" or "--mail" or "--observables" or "--xarf") || input.Arguments.Count > 1 && keys is null)
        {
            await io.Error.WriteLineAsync($"cirt parse does not know '{string.Join(' ', input.Arguments)}'. Use --mail (with --keys FOLDER to open what is signed or encrypted), --observables, --xarf or no argument.");
            return 64;
        }
        if (!GMime.IsPresent)
        {
            await io.Error.WriteLineAsync("libgmime-3.0.so.0 is missing, so no mail can be read. Install it with: apt-get install libgmime-3.0-0");
            return 69;
        }
        if (keys is not null)
            return await OpenAsync(keys, io, cancel);
        GMime.Init();
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var missing = Confinement.Apply(mode == "--frames" ? 3600 : 120, DataMegabytes);
        if (missing.Length > 0)
            await io.Error.WriteLineAsync($"cirt parse could not restrict: {missing}. It goes on; the kernel of this machine is older than the appliance expects.");
        await using var source = Console.OpenStandardInput();
        await using var target = Console.OpenStandardOutput();
        return mode == "--frames" ? await ServeAsync(source, target, cancel) : await OnceAsync(mode, source, target, io, cancel);
    }

    private static async Task<int> ServeAsync(Stream source, Stream target, CancellationToken cancel)
    {
        while (await Frames.ReadAsync(source, ParseLimits.Bytes, cancel) is { } request)
        {
            var answer = request.Length == 0 ? "{}"u8.ToArray() : Parse(request[0], request.AsMemory(1), full: false);
            await Frames.WriteAsync(target, null, answer, cancel);
        }
        return 0;
    }

    /// <summary>As the host does it: the message is read in a confined process, the keys stay in this one.</summary>
    private static async Task<int> OpenAsync(string keys, VerbOutput io, CancellationToken cancel)
    {
        if (!Directory.Exists(keys))
        {
            await io.Error.WriteLineAsync($"there is no folder '{keys}'. Name one that holds key files.");
            return 66;
        }
        using var document = new MemoryStream();
        await using (var source = Console.OpenStandardInput())
            await source.CopyToAsync(document, cancel);
        using var parser = ParserProcess.Start(Environment.ProcessPath!);
        using var ring = await KeyRing.ReadAsync(keys, cancel);
        var mail = await ReadAsync(document.ToArray(), cancel);
        await using var target = Console.OpenStandardOutput();
        await JsonSerializer.SerializeAsync(target, await SealReading.OpenAsync(mail!, ring, ReadAsync, cancel), Json, cancel);
        await target.WriteAsync("\n"u8.ToArray(), cancel);
        return 0;

        async Task<ParsedMail?> ReadAsync(byte[] message, CancellationToken stop) =>
            JsonSerializer.Deserialize<ParsedMail>(await parser.AskAsync(Frames.Mail, message, TimeSpan.FromSeconds(60), stop), Json);
    }

    private static async Task<int> OnceAsync(string mode, Stream source, Stream target, VerbOutput io, CancellationToken cancel)
    {
        using var document = new MemoryStream();
        var buffer = new byte[81920];
        int read;
        while ((read = await source.ReadAsync(buffer, cancel)) > 0)
        {
            document.Write(buffer, 0, read);
            if (document.Length > ParseLimits.Bytes)
            {
                await io.Error.WriteLineAsync($"the document is above the limit of {ParseLimits.Bytes} bytes and was not read. Cut it first.");
                return 65;
            }
        }
        await target.WriteAsync(Parse(mode switch { "--mail" => Frames.Mail, "--xarf" => Frames.Xarf, _ => Frames.Observables }, document.ToArray(), full: true), cancel);
        await target.WriteAsync("\n"u8.ToArray(), cancel);
        return 0;
    }

    internal static byte[] Parse(byte kind, ReadOnlyMemory<byte> document, bool full) => kind switch
    {
        Frames.Mail => JsonSerializer.SerializeToUtf8Bytes(new MailReader(document, full).Read(), Json),
        Frames.Xarf => JsonSerializer.SerializeToUtf8Bytes(Mail.Parse.Xarf.Judge(document), Json),
        Frames.Part => MimePart.Find(document) is { } part ? [1, .. part] : [],
        Frames.Archive => JsonSerializer.SerializeToUtf8Bytes(ArchiveMembers.Read(document), Json),
        Frames.Observables => JsonSerializer.SerializeToUtf8Bytes(ObservableReport.Of(Encoding.UTF8.GetString(document.Span)), Json),
        _ => "{}"u8.ToArray(),
    };
}
