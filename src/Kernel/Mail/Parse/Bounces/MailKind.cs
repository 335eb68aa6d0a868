namespace Appliance.Kernel.Mail.Parse;

/// <summary>Tells mail that a person wrote from mail that a machine sent back: bounces, complaints, receipts and automatic answers never open a report.</summary>
internal static class MailKind
{
    private static readonly string[] s_undelivered =
        ["undeliver", "not delivered", "delivery status", "delivery fail", "failure", "failed", "returned mail", "returned to sender", "delivery notification", "mail system error", "could not be delivered", "delayed", "warning: message",
         "mail delivery", "error sending your mail", "delivery error", "non-delivery", "nondeliverable", "cannot send", "unable to deliver", "delivery problem", "delivery has", "mail could not", "メールエラー", "配信できません", "配信不能", "送信できません",
         "unzustellbar", "konnte nicht zugestellt", "non remis", "non distribu", "no se puede entregar", "no se pudo entregar", "mancato recapito", "не доставлено", "недоставлен", "无法投递", "退信", "تعذر تسليم", "niedostarczon", "nie można dostarczyć"];

    private static readonly string[] s_undeliveredText =
        ["could not be delivered", "couldn't be delivered", "was not delivered", "unable to deliver", "wasn't able to deliver", "not able to deliver", "delivery failed", "has not been delivered", "did not reach the following", "error delivering your", "could not deliver",
         "undeliverable", "no such user", "user unknown", "invalid user address", "mailbox is full", "delivery to the following", "rejected by a remote", "had permanent fatal errors", "unknown user", "had delivery errors", "invalid user", "have been delayed", "recipient was not reached", "送信できませんでした", "rcpt to:<"];

    private static readonly string[] s_machines =
        ["mailer-daemon", "mailer daemon", "mailerdaemon", "postmaster", "post_master", "post-master", "mail delivery", "mail.delivery", "maildelivery", "mail system", "mail administrator", "mail deliver", "deliveryservice", "ndr administrator", "no-reply@", "noreply@", "mdaemon", "system administrator"];

    private static readonly string[] s_absent =
        ["auto:", "auto reply:", "autoreply:", "auto-reply:", "auto response:", "autoresponse:", "automatic reply:", "automatic response:", "out of office", "out-of-office", "out of the office", "ooo:", "vacation:", "away:",
         "automatische antwort:", "abwesenheit", "abwesenheitsnotiz", "réponse automatique", "reponse automatique", "absence du bureau", "respuesta automática", "respuesta automatica", "fuera de la oficina", "risposta automatica", "fuori sede",
         "resposta automática", "ausência", "автоответ", "автоматический ответ", "自动回复", "自動回覆", "自动答复", "自動応答", "不在通知", "رد تلقائي", "الرد التلقائي", "automatyczna odpowiedź", "autoodpowiedź", "automatisch antwoord", "afwezig", "automatiskt svar", "autosvar"];

    public static string Of(IReadOnlyList<HeaderLine> headers, ReportParts report, string text)
    {
        var type = Value("Content-Type").ToLowerInvariant();
        var subject = (headers.FirstOrDefault(h => h.Is("Subject"))?.Decoded ?? "").Trim().ToLowerInvariant();
        var service = ServiceNotice.Kind(text);
        if (report.Feedback is not null || type.Contains("feedback-report", StringComparison.Ordinal) || service == "Complaint" || IsComplaint())
            return "complaint";
        if (report.Delivery is not null || type.Contains("delivery-status", StringComparison.Ordinal) || Value("X-Failed-Recipients").Length > 0 || service is "Bounce" or "Delivery")
            return "bounce";
        if (report.Disposition is not null || type.Contains("disposition-notification", StringComparison.Ordinal))
            return "receipt";
        if (IsFromMailSystem() && LooksUndelivered())
            return "bounce";
        var submitted = Value("Auto-Submitted").ToLowerInvariant();
        if (submitted.StartsWith("auto-replied", StringComparison.Ordinal))
            return subject is "unsubscribe" ? "complaint" : "auto-reply";
        if (Value("X-Autoreply").Length > 0 || Value("X-Autorespond").Length > 0 || Value("X-Autoresponder").Length > 0
            || Value("Precedence").Equals("auto_reply", StringComparison.OrdinalIgnoreCase) || Value("X-Mail-Autoreply").Length > 0
            || Array.Exists(s_absent, w => subject.StartsWith(w, StringComparison.Ordinal)))
            return "auto-reply";
        // The list server FML answers those who may not write to a list.
        if (Value("Message-ID").Contains(".FML", StringComparison.Ordinal) && (Value("From").Contains("-admin@", StringComparison.OrdinalIgnoreCase) || Value("From").Contains("-request@", StringComparison.OrdinalIgnoreCase)))
            return "bounce";
        return "mail";

        string Value(string name) => headers.FirstOrDefault(h => h.Is(name))?.Value ?? "";

        // Feedback loops of older times: the message complained about, and this subject.
        bool IsComplaint() => report.HasOriginal && subject.StartsWith("complaint about message from ", StringComparison.Ordinal);

        bool IsFromMailSystem()
        {
            var from = (headers.FirstOrDefault(h => h.Is("From"))?.Decoded ?? "").ToLowerInvariant();
            return Value("Return-Path").Trim() == "<>" || from.Length == 0 || from.EndsWith("<>", StringComparison.Ordinal) || Array.Exists(s_machines, m => from.Contains(m, StringComparison.Ordinal));
        }

        bool LooksUndelivered()
        {
            if (Array.Exists(s_undelivered, w => subject.Contains(w, StringComparison.Ordinal)))
                return true;
            var start = (text.Length > 4000 ? text[..4000] : text).ToLowerInvariant();
            return Array.Exists(s_undeliveredText, w => start.Contains(w, StringComparison.Ordinal));
        }
    }
}
