namespace Appliance.Ticketing.Intake;

/// <summary>An incident's number (INC-2026-00017) as it stands in a subject.</summary>
internal static class TicketNumber
{
    private const string Prefix = "INC-";

    /// <summary>The first number in <paramref name="subject"/>, or null.</summary>
    public static string? In(string subject)
    {
        for (var at = subject.IndexOf(Prefix, StringComparison.OrdinalIgnoreCase); at >= 0; at = subject.IndexOf(Prefix, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + Prefix.Length;
            while (end < subject.Length && end - at < 20 && (char.IsAsciiDigit(subject[end]) || subject[end] == '-'))
                end++;
            var number = subject[at..end].TrimEnd('-').ToUpperInvariant();
            if ((at == 0 || !char.IsAsciiLetterOrDigit(subject[at - 1])) && number.Split('-') is [_, { Length: 4 }, { Length: >= 5 }])
                return number;
        }
        return null;
    }
}
