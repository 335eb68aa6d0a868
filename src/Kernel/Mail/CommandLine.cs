using System.Text;

namespace Appliance.Kernel.Mail;

/// <summary>Splits a configured command into program and arguments: blanks separate, double quotes hold together. Nothing is expanded, no shell runs.</summary>
internal static class CommandLine
{
    public static IReadOnlyList<string> Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quoted, started) = (false, false);
        foreach (var c in text)
        {
            if (c == '"')
                (quoted, started) = (!quoted, true);
            else if (char.IsWhiteSpace(c) && !quoted)
            {
                if (started)
                    words.Add(word.ToString());
                word.Clear();
                started = false;
            }
            else
            {
                word.Append(c);
                started = true;
            }
        }
        if (started)
            words.Add(word.ToString());
        return words;
    }
}
