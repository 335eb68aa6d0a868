namespace Appliance.Kernel.Mail.Parse;

/// <summary>Tells mail that a person wrote from mail that a machine sent back: bounces, complaints, receipts and automatic answers never open a report.</summary>
internal static class MailKind
{
    public static string Of(IReadOnlyList<HeaderLine> headers, ReportParts report)
    {
        var type = Value("Content-Type").ToLowerInvariant();
        if (report.Feedback is not null || type.Contains("feedback-report", StringComparison.Ordinal))
            return "complaint";
        if (report.Delivery is not null || type.Contains("delivery-status", StringComparison.Ordinal) || Value("X-Failed-Recipients").Length > 0)
            return "bounce";
        if (report.Disposition is not null || type.Contains("disposition-notification", StringComparison.Ordinal))
            return "receipt";
        var submitted = Value("Auto-Submitted").ToLowerInvariant();
        if (submitted.StartsWith("auto-replied", StringComparison.Ordinal) || Value("X-Autoreply").Length > 0 || Value("X-Autorespond").Length > 0
            || Value("Precedence").Equals("auto_reply", StringComparison.OrdinalIgnoreCase))
            return "auto-reply";
        if (IsFromMailSystem() && LooksUndelivered())
            return "bounce";
        return "mail";

        string Value(string name) => headers.FirstOrDefault(h => h.Is(name))?.Value ?? "";

        bool IsFromMailSystem()
        {
            var from = Value("From").ToLowerInvariant();
            return Value("Return-Path").Trim() == "<>" || from.Contains("mailer-daemon", StringComparison.Ordinal) || from.Contains("postmaster@", StringComparison.Ordinal)
                || from.Contains("mail delivery", StringComparison.Ordinal);
        }

        bool LooksUndelivered()
        {
            var subject = (headers.FirstOrDefault(h => h.Is("Subject"))?.Decoded ?? "").ToLowerInvariant();
            return submitted.Length > 0 || Array.Exists(s_words, w => subject.Contains(w, StringComparison.Ordinal));
        }
    }

    private static readonly string[] s_words =
        ["undeliver", "not delivered", "delivery status", "delivery fail", "failure", "failed", "returned mail", "returned to sender", "delivery notification", "mail system error", "could not be delivered", "delayed", "warning: message", "mail delivery"];
}
