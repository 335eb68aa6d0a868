using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>The machine-readable parts of reports (RFC 3464, 5965, 8098), kept while the tree is walked.</summary>
internal sealed class ReportParts
{
    private IReadOnlyList<HeaderLine> _original = [];

    /// <summary>Content of message/delivery-status.</summary>
    public string? Delivery { get; private set; }

    /// <summary>Content of message/feedback-report.</summary>
    public string? Feedback { get; private set; }

    /// <summary>Content of message/disposition-notification.</summary>
    public string? Disposition { get; private set; }

    /// <summary>Message-ID of the message the report is about.</summary>
    public string? OriginalMessageId { get; private set; }

    public bool Wants(string type) => type is "message/delivery-status" or "message/global-delivery-status" or "message/feedback-report" or "message/disposition-notification" or "text/rfc822-headers" or "message/rfc822-headers";

    public void Take(string type, byte[] content)
    {
        if (!Wants(type) || content.Length > ParseLimits.HeaderLength)
            return;
        var text = Charsets.Clean(Encoding.UTF8.GetString(content)).ReplaceLineEndings("\n");
        if (type is "message/delivery-status" or "message/global-delivery-status")
            Delivery ??= text;
        else if (type == "message/feedback-report")
            Feedback ??= text;
        else if (type == "message/disposition-notification")
            Disposition ??= text;
        else
            Original(MimeTree.Of(content, []).Headers);
    }

    /// <summary>True when a message or its headers are attached.</summary>
    public bool HasOriginal => _original.Count > 0;

    /// <summary>A header of the message that the report is about, or empty.</summary>
    public string OriginalHeader(string name) => _original.FirstOrDefault(h => h.Is(name))?.Value ?? "";

    public void Original(IReadOnlyList<HeaderLine> headers)
    {
        if (_original.Count == 0)
            _original = headers;
        OriginalMessageId ??= headers.FirstOrDefault(h => h.Is("Message-ID")) is { } id ? HeaderLines.MessageIds(id.Value).FirstOrDefault() : null;
    }
}
