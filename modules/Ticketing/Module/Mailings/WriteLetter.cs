using Appliance.Contracts;
using Appliance.Ticketing.Notices;

namespace Appliance.Ticketing.Mailings;

/// <summary>A letter as it will be read.</summary>
/// <param name="SubjectLine">With label and number.</param>
/// <param name="Subject">Without them.</param>
/// <param name="FirstLines">The label and what it lets the reader do.</param>
/// <param name="Text">What follows.</param>
/// <param name="File">All things for machines, or null.</param>
internal sealed record WrittenLetter(string SubjectLine, string Subject, string FirstLines, string Text, NoticeFile? File);

/// <summary>Writes the letter of one contact. The preview and what leaves come from here.</summary>
internal sealed class WriteLetter(NoticeText notice, LetterText letters)
{
    public WrittenLetter Write(MailingRow mailing, LetterRow letter, string number, Marking marking, IReadOnlyList<LetterItem> items)
    {
        var words = mailing.Words().GetValueOrDefault(letter.Language) ?? letters.Shipped(mailing.Kind, letter.Language);
        var (subject, body) = letters.Fill(words, letter.Organisation, items.Count, number, items, letter.Language);
        // What the text has no room for is in the file, wanted or not.
        var file = mailing.WithFile || items.Count > LetterText.MostListed ? new NoticeFile(letter.Id, false, $"{number}.csv", LetterText.File(items)) : null;
        return new(notice.SubjectLine(marking, number, subject, letter.Language), subject, notice.FirstLines(marking, letter.Language), body, file);
    }
}
