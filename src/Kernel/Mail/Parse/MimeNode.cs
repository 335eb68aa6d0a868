namespace Appliance.Kernel.Mail.Parse;

/// <summary>One entity of a message (RFC 2045) as ranges of its bytes: the message itself, a part of a multipart, or an attached message.</summary>
/// <param name="Source">Where the bytes lie; an attached message with a transfer encoding has a source of its own.</param>
/// <param name="IsMessage">False for a part of a multipart.</param>
/// <param name="Start">First byte of the headers.</param>
/// <param name="BodyStart">First byte of the content.</param>
/// <param name="End">First byte behind it.</param>
internal sealed record MimeNode(ReadOnlyMemory<byte> Source, bool IsMessage, int Start, int BodyStart, int End)
{
    public required IReadOnlyList<HeaderLine> Headers { get; init; }

    /// <summary>The type that its header states, well formed or not; null when it states none.</summary>
    public string? StatedType { get; init; }

    /// <summary>The type it is read as: the one stated, else that of its surroundings.</summary>
    public required ParameterValue Type { get; init; }

    public required ParameterValue Disposition { get; init; }

    public IReadOnlyList<MimeNode> Children { get; init; } = [];

    public bool IsMultipart { get; init; }

    /// <summary>The content as it stands in the message.</summary>
    public ReadOnlySpan<byte> Body => Source.Span[BodyStart..End];

    /// <summary>Headers and content as they stand in the message: what a signature covers (RFC 1847).</summary>
    public ReadOnlyMemory<byte> Whole => Source[Start..End];

    /// <summary>The content without its transfer encoding.</summary>
    public byte[] Content() => TransferCoding.Decode(Header("Content-Transfer-Encoding"), Body);

    /// <summary>Value of the first header of that name, or empty.</summary>
    public string Header(string name) => Headers.FirstOrDefault(h => h.Is(name))?.Value ?? "";
}
