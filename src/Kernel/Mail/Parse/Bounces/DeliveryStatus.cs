namespace Appliance.Kernel.Mail.Parse;

/// <summary>Reads delivery status notifications (RFC 3464) and header-shaped report parts.</summary>
internal static class DeliveryStatus
{
    /// <summary>One entry per recipient that the report names; a recipient without an address of its own is left out.</summary>
    public static List<BouncedRecipient> Recipients(string report)
    {
        var found = new List<BouncedRecipient>();
        foreach (var block in report.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).SelectMany(PerRecipient))
        {
            var fields = Fields(block);
            var address = Address(First(fields, "Final-Recipient"));
            if (address.Length == 0)
                address = Address(First(fields, "Original-Recipient"));
            if (address.Length == 0)
                continue;
            var stated = BounceReason.StatusIn(First(fields, "Status"));
            var diagnostic = First(fields, "Diagnostic-Code");
            found.Add(Recipient(address, First(fields, "Action").Split(' ', '(', ';')[0].ToLowerInvariant(), stated, diagnostic));
        }
        return [.. found.DistinctBy(f => f.Address, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>A recipient whose status, reply and reason are read from the words where the report is silent or says nothing particular.</summary>
    public static BouncedRecipient Recipient(string address, string action, string stated, string words)
    {
        var reply = BounceReason.ReplyIn(words);
        var said = BounceReason.StatusIn(words);
        var contradicted = said.Length > 0 && reply.Length > 0 && stated.Length > 0 && stated[0] != reply[0] && said[0] == reply[0];
        var status = contradicted || (BounceReason.IsGeneric(stated) && said.Length > 0 && !BounceReason.IsGeneric(said)) ? said : stated.Length > 0 ? stated : said;
        var reason = action is "delivered" or "relayed" or "expanded" ? "delivered" : BounceReason.Of(status, WithoutType(words));
        if (status.Length == 0)
            status = BounceReason.Status(reason, reply);
        return new(address, action.Length > 0 ? action : reason == "delivered" ? "delivered" : reason == "expired" && status.StartsWith('4') ? "delayed" : "failed", status, reply, words, BounceReason.IsHard(reason, status)) { Reason = reason };
    }

    /// <summary>Without the kind of system that the words come from (<c>smtp;</c>).</summary>
    private static string WithoutType(string words) => words.IndexOf(';', StringComparison.Ordinal) is > 0 and < 40 and var end && !words.AsSpan(0, end).ContainsAny(" .@") ? words[(end + 1)..] : words;

    /// <summary>Some reports name several recipients without an empty line between them.</summary>
    private static IEnumerable<string> PerRecipient(string block)
    {
        var current = new List<string>();
        foreach (var line in block.Split('\n'))
        {
            if (line.StartsWith("Final-Recipient:", StringComparison.OrdinalIgnoreCase) && current.Exists(l => l.StartsWith("Final-Recipient:", StringComparison.OrdinalIgnoreCase)))
            {
                yield return string.Join('\n', current);
                current.Clear();
            }
            current.Add(line);
        }
        yield return string.Join('\n', current);
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

    public static string First(IReadOnlyDictionary<string, IReadOnlyList<string>> fields, string name) => fields.GetValueOrDefault(name) is [var first, ..] ? first : "";

    private static string Address(string value) => value[(value.IndexOf(';', StringComparison.Ordinal) + 1)..].Trim().Trim('<', '>', '"').Split(' ')[0].Trim('<', '>');
}
