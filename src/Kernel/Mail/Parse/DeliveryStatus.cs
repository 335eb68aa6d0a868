namespace Appliance.Kernel.Mail.Parse;

/// <summary>Reads delivery status notifications (RFC 3464) and header-shaped report parts.</summary>
internal static class DeliveryStatus
{
    /// <summary>One entry per recipient named; those of <c>X-Failed-Recipients</c> where the report has no readable part.</summary>
    public static IReadOnlyList<BouncedRecipient> Recipients(ReportParts report, IReadOnlyList<HeaderLine> headers)
    {
        var found = new List<BouncedRecipient>();
        foreach (var block in (report.Delivery ?? "").Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = Fields(block);
            var address = Address(First(fields, "Final-Recipient"));
            if (address.Length == 0)
                address = Address(First(fields, "Original-Recipient"));
            if (address.Length == 0)
                continue;
            var status = First(fields, "Status").Split(' ', '(')[0].Trim();
            var diagnostic = First(fields, "Diagnostic-Code");
            var reply = ReplyCode(diagnostic);
            var action = First(fields, "Action").Split(' ', '(')[0].ToLowerInvariant();
            found.Add(new(address, action, status, reply, diagnostic, status.StartsWith('5') || status.Length == 0 && reply.StartsWith('5')));
        }
        if (found.Count == 0 && headers.FirstOrDefault(h => h.Is("X-Failed-Recipients")) is { } failed)
            found.AddRange(failed.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(a => new BouncedRecipient(a, "failed", "", "", "", true)));
        return found;
    }

    /// <summary>Header-shaped text: each name with all its values, folded lines joined.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Fields(string text)
    {
        var fields = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        var (name, value) = ("", "");
        foreach (var line in text.Split('\n').Take(ParseLimits.Headers))
        {
            if (line.Length > 0 && line[0] is ' ' or '\t' && name.Length > 0)
            {
                value += "\n" + line;
                continue;
            }
            Keep();
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            (name, value) = colon > 0 ? (line[..colon].Trim(), line[(colon + 1)..].Trim()) : ("", "");
        }
        Keep();
        return fields;

        void Keep()
        {
            if (name.Length > 0)
                fields[name] = [.. fields.GetValueOrDefault(name) ?? [], value];
        }
    }

    private static string First(IReadOnlyDictionary<string, IReadOnlyList<string>> fields, string name) => fields.GetValueOrDefault(name) is [var first, ..] ? first : "";

    private static string Address(string value) => value[(value.IndexOf(';', StringComparison.Ordinal) + 1)..].Trim().Trim('<', '>');

    /// <summary>The three digits of an SMTP reply.</summary>
    private static string ReplyCode(string diagnostic)
    {
        for (var i = 0; i + 2 < diagnostic.Length; i++)
            if (diagnostic[i] is '4' or '5' && char.IsAsciiDigit(diagnostic[i + 1]) && char.IsAsciiDigit(diagnostic[i + 2])
                && (i == 0 || !char.IsAsciiLetterOrDigit(diagnostic[i - 1]) && diagnostic[i - 1] != '.')
                && (i + 3 == diagnostic.Length || diagnostic[i + 3] is ' ' or '-' or '\n'))
                return diagnostic.Substring(i, 3);
        return "";
    }
}
