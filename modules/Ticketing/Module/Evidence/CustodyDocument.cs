using System.Globalization;
using System.Text;
using Appliance.Kernel.Csv;

namespace Appliance.Ticketing.Evidence;

/// <summary>The custody of a file on paper: for courts, partners and the file itself. English, like the log it is.</summary>
internal static class CustodyDocument
{
    public static byte[] Csv(EvidenceSheet sheet)
    {
        var writer = new CsvWriter().Row("evidence", "line", "at", "act", "by", "byId", "party", "note", "hash");
        foreach (var line in sheet.Lines)
            writer.Row(sheet.Label, line.Line.ToString(CultureInfo.InvariantCulture), At(line.At), line.Act, line.ByName, line.ById.ToString(), line.Party, line.Note, line.Hash);
        return writer.ToBytes();
    }

    public static byte[] Text(EvidenceSheet sheet)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{sheet.Marking.Label}\n\nChain of custody of {sheet.Label}\n\n")
            .Append(CultureInfo.InvariantCulture, $"File       {sheet.Name}\nKind       {sheet.Kind} (guessed from its first bytes)\nSize       {sheet.Size} bytes\n")
            .Append(CultureInfo.InvariantCulture, $"MD5        {sheet.Md5}\nSHA-1      {sheet.Sha1}\nSHA-256    {sheet.Sha256}\nReceived   {At(sheet.AddedAt)} by {sheet.AddedBy}\n");
        if (sheet.DestroyedAt is { } destroyed)
            text.Append(CultureInfo.InvariantCulture, $"Destroyed  {At(destroyed)}\n");
        text.Append(sheet.Chain.Whole ? "Chain      whole\n" : string.Create(CultureInfo.InvariantCulture, $"Chain      BROKEN at line {sheet.Chain.BrokenAt}\n")).Append('\n');
        foreach (var line in sheet.Lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"{line.Line,4}  {At(line.At)}  {line.Act}, {line.ByName} ({line.ById})\n");
            if (line.Party.Length > 0)
                text.Append(CultureInfo.InvariantCulture, $"      with {line.Party}\n");
            if (line.Note.Length > 0)
                text.Append(CultureInfo.InvariantCulture, $"      {line.Note}\n");
            text.Append(CultureInfo.InvariantCulture, $"      {line.Hash}\n");
        }
        text.Append("\nEach hash is SHA-256 over the one before (the first over the file's own SHA-256) and the line as a JSON array of texts:\nevidence id, line, time, act, id and name of who acted, party, note.\n")
            .Append(CultureInfo.InvariantCulture, $"Evidence id {sheet.Id}; times are exact to the microsecond.\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
