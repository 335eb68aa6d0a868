using System.Text.Json;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Who was not reached, from the best source that a bounce has: its machine-readable part, the notice of a mail service in JSON, its words, the message it returns.</summary>
internal static class BounceRecipients
{
    public static IReadOnlyList<BouncedRecipient> Of(IReadOnlyList<HeaderLine> headers, ReportParts report, string text)
    {
        var found = DeliveryStatus.Recipients(report.Delivery ?? "");
        if (found.Count == 0 && text.Contains("Final-Recipient:", StringComparison.OrdinalIgnoreCase))
            found = DeliveryStatus.Recipients(text.ReplaceLineEndings("\n"));
        if (found.Count == 0)
            found = OfService(text);
        if (found.Count > 0)
            return found.Count == 1 ? [WithWords(found[0], text)] : WithWords(found, text);
        var failed = Value("X-Failed-Recipients").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var words = string.Join(' ', BounceText.Report(text).Select(l => l.Trim()).Where(l => l.Length > 0));
        // The bounce came to the sender, who also stands in the text.
        var sender = Addresses(Value("To")).Concat(Addresses(report.OriginalHeader("Return-Path"))).Concat(Addresses(report.OriginalHeader("From"))).Select(a => a.ToLowerInvariant());
        var named = BounceText.Recipients(text, sender.ToHashSet());
        if (failed.Length > 0)
            return [.. failed.Take(ParseLimits.Addresses).Select(a => DeliveryStatus.Recipient(a, "", "", named.FirstOrDefault(n => n.Address.Equals(a, StringComparison.OrdinalIgnoreCase)).Words ?? words))];
        if (named.Count == 0)
            named = BounceText.Recipients(text, new HashSet<string>());
        if (named.Count > 0)
            return [.. named.Take(ParseLimits.Addresses).Select(n => DeliveryStatus.Recipient(n.Address, "", "", n.Words))];
        var returned = Addresses(report.OriginalHeader("To")).ToList();
        if (returned.Count == 0)
            returned = [.. Addresses(ReturnedTo(text))];
        return [.. returned.Take(ParseLimits.Addresses).Select(a => DeliveryStatus.Recipient(a, "", "", words))];

        string Value(string name) => headers.FirstOrDefault(h => h.Is(name))?.Value ?? "";
    }

    /// <summary>A report that says no more than failure: the words for people say why.</summary>
    private static BouncedRecipient WithWords(BouncedRecipient recipient, string text)
    {
        if (recipient.Reason != "undefined" && recipient.Diagnostic.Length > 0)
            return recipient;
        var words = string.Join(' ', BounceText.Report(text).Select(l => l.Trim()).Where(l => l.Length > 0));
        return DeliveryStatus.Recipient(recipient.Address, recipient.Action, recipient.Status, $"{recipient.Diagnostic} {words}".Trim());
    }

    private static List<BouncedRecipient> WithWords(List<BouncedRecipient> recipients, string text)
    {
        if (!recipients.Exists(r => r.Diagnostic.Length == 0))
            return recipients;
        var named = BounceText.Recipients(text, new HashSet<string>());
        return [.. recipients.Select(r => r.Diagnostic.Length == 0 && named.FirstOrDefault(n => n.Address.Equals(r.Address, StringComparison.OrdinalIgnoreCase)).Words is { } words
            ? DeliveryStatus.Recipient(r.Address, r.Action, r.Status, words)
            : r)];
    }

    /// <summary>The Message-ID of a message that is returned within the text, or null.</summary>
    public static string? ReturnedMessageId(string text)
    {
        var line = text.Split('\n').Take(2000).FirstOrDefault(l => l.TrimStart(' ', '>').StartsWith("Message-ID:", StringComparison.OrdinalIgnoreCase));
        return line is null ? null : HeaderLines.MessageIds(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]).FirstOrDefault();
    }

    /// <summary>The addressees of a message that is returned within the text.</summary>
    private static string ReturnedTo(string text)
    {
        var line = text.Split('\n').Take(2000).FirstOrDefault(l => l.TrimStart(' ', '>').StartsWith("To:", StringComparison.OrdinalIgnoreCase));
        return line is null ? "" : line.TrimStart(' ', '>')[3..];
    }

    private static IEnumerable<string> Addresses(string header) =>
        header.Split(',', ' ', '<', '>', ';', '"').Select(w => w.Trim()).Where(w => w.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < w.Length - 1).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Amazon SES, directly or within a notice of SNS.</summary>
    private static List<BouncedRecipient> OfService(string text)
    {
        var found = new List<BouncedRecipient>();
        if (ServiceNotice.Read(text) is not { } notice)
            return found;
        using (notice)
        {
            var root = notice.RootElement;
            if (root.TryGetProperty("bounce", out var bounce) && Items(bounce, "bouncedRecipients") is { } bounced)
            {
                var transient = Text(bounce, "bounceType").Equals("Transient", StringComparison.OrdinalIgnoreCase);
                foreach (var r in bounced)
                    found.Add(DeliveryStatus.Recipient(Text(r, "emailAddress"), transient ? "delayed" : "failed", BounceReason.StatusIn(Text(r, "status")), Text(r, "diagnosticCode")));
            }
            else if (root.TryGetProperty("delivery", out var delivery) && Items(delivery, "recipients") is { } reached)
                foreach (var r in reached)
                    found.Add(DeliveryStatus.Recipient(r.ToString(), "delivered", BounceReason.StatusIn(Text(delivery, "smtpResponse")), Text(delivery, "smtpResponse")));
            else if (Text(root, "notificationType") == "Delivery" && root.TryGetProperty("mail", out var mail) && Items(mail, "destination") is { } destinations)
                foreach (var r in destinations)
                    found.Add(DeliveryStatus.Recipient(r.ToString(), "delivered", "", ""));
        }
        return [.. found.Where(f => f.Address.Contains('@', StringComparison.Ordinal)).Take(ParseLimits.Addresses)];

        static List<JsonElement>? Items(JsonElement node, string name) => node.ValueKind == JsonValueKind.Object && node.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : null;

        static string Text(JsonElement node, string name) => node.ValueKind == JsonValueKind.Object && node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
    }
}
