using System.Text;
using Appliance.Kernel;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Backup;

namespace Appliance.Host.Answers;

/// <summary>Secrets in an answer file: <c>age:</c> and the sealed bytes in base64. They are opened in memory, with a key that came by another way than the file.</summary>
internal static class AnswerSeal
{
    public const string Mark = "age:";

    public static async Task<string> SealAsync(string recipient, string secret, CancellationToken cancel) =>
        Mark + Convert.ToBase64String(await AgeProgram.SealAsync(recipient, Encoding.UTF8.GetBytes(secret), cancel));

    /// <summary>The tree with every sealed text opened; those that cannot be are faults. Without a key sealed texts stay as they are, and count as sealed.</summary>
    public static async Task<AnswerNode> OpenAsync(AnswerNode node, string? key, bool mustOpen, ICollection<AnswerFault> faults, CancellationToken cancel)
    {
        if (node.Text is { } text)
            return text.StartsWith(Mark, StringComparison.Ordinal) ? await OpenOneAsync(node, text, key, mustOpen, faults, cancel) : node;
        if (node.Items is { } items)
        {
            var opened = new List<AnswerNode>();
            foreach (var item in items)
                opened.Add(await OpenAsync(item, key, mustOpen, faults, cancel));
            return node with { Items = opened };
        }
        var members = new List<KeyValuePair<string, AnswerNode>>();
        foreach (var (name, member) in node.Members!)
            members.Add(new(name, await OpenAsync(member, key, mustOpen, faults, cancel)));
        return node with { Members = members };
    }

    private static async Task<AnswerNode> OpenOneAsync(AnswerNode node, string text, string? key, bool mustOpen, ICollection<AnswerFault> faults, CancellationToken cancel)
    {
        var closed = new byte[text.Length];
        if (!Convert.TryFromBase64String(text[Mark.Length..], closed, out var length))
            faults.Add(new(node.Path, node.Line, "is sealed, but not in base64"));
        else if (key is null && mustOpen)
            faults.Add(new(node.Path, node.Line, "is sealed, and the key to it was not given: name its file with --key-file"));
        else if (key is not null)
            return await DecryptAsync(node, closed[..length], key, faults, cancel);
        return node with { WasSealed = true };
    }

    private static async Task<AnswerNode> DecryptAsync(AnswerNode node, byte[] closed, string key, ICollection<AnswerFault> faults, CancellationToken cancel)
    {
        try
        {
            return node with { Text = Encoding.UTF8.GetString(await AgeProgram.OpenAsync(key, closed, cancel)), WasSealed = true };
        }
        catch (OperatorFault fault)
        {
            faults.Add(new(node.Path, node.Line, $"is sealed to another key, or damaged ({fault.Particulars})"));
            return node with { WasSealed = true };
        }
    }
}
